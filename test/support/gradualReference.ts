/**
 * How `gradual` comes back, written from what is said of it (CONTRIBUTING, the docstrings of its options) and sharing no code with it. Slow
 * and plain: calls are kept in a list, and counted anew whenever something is to be known. Where the words leave it open (how sure it must be
 * that a service is gone) the model says what may follow, and goes where the breaker went; everywhere else it says what must.
 */
export interface GradualConfig {
  /** Probes: how many more must succeed than fail; as many fewer send it back. */
  readonly needed: number
  readonly atOnce: number
  readonly leaseMs: number
  /** How many calls each step is judged on. */
  readonly outcomes: number
  readonly waitMs: number
}

export interface Call {
  readonly epoch: number
  readonly probe: boolean
  readonly at: number
  isOut: boolean
  isBad: boolean | undefined
}

export type Circuit = "closed" | "degraded" | "open" | "halfOpen" | "ramping"

const [lowest, first, highest] = [-1, 1, 5]
/** The odds of entering double from step to step, and so do the calls that may be in flight. */
export const shareOf = (step: number): number => 2 ** step / (1 + 2 ** step)
export const mostOf = (step: number): number => Math.max(1, 2 ** (step + 1))

/** Where it may stand after something has happened. */
export interface Place {
  readonly circuit: Circuit
  readonly step?: number
}

export class GradualReference {
  now = 0
  circuit: Circuit = "closed"
  isForced = false
  epoch = 0
  step = first
  stride = 2
  /** The worst share of bad calls that a step of this ramp was taken back for. */
  blame = 0
  /** How often a step of this ramp was not judged in time. */
  stale = 0
  enteredAt = 0
  probed = 0
  /** Calls of this epoch that asked to enter and were not turned away for want of room, and those that did. */
  offered = 0
  admitted = 0
  readonly config: GradualConfig
  readonly calls: Call[] = []

  constructor(config: GradualConfig) {
    this.config = config
  }

  get out(): readonly Call[] {
    return this.calls.filter(({ isOut }) => isOut)
  }
  get #present(): readonly Call[] {
    return this.calls.filter(({ epoch }) => epoch === this.epoch)
  }
  get running(): number {
    return this.#present.filter(({ isOut }) => isOut).length
  }
  /** Whether there is room for one more: of a probe, or in the step. */
  get hasRoom(): boolean {
    if (this.circuit === "halfOpen") return this.running < this.config.atOnce
    return this.circuit !== "ramping" || this.running < mostOf(this.step)
  }

  /** Whether the next call must enter, must not, or may. Of a part of them each enters as soon as the part has grown by a whole call. */
  get admits(): boolean | "maybe" {
    if (this.isForced || this.circuit === "open" || !this.hasRoom) return false
    if (this.circuit !== "ramping") return true
    const earned = shareOf(this.step) * (this.offered + 1)
    if (this.admitted + 1 > earned + 1) return false
    return this.admitted + 1 < earned - 1 ? true : "maybe"
  }

  offer(admitted: boolean): Call | undefined {
    if (!this.isForced && this.circuit !== "open" && this.hasRoom) this.offered++
    if (!admitted) return undefined
    this.admitted++
    const call = { epoch: this.epoch, probe: this.circuit === "halfOpen", at: this.now, isOut: true, isBad: undefined }
    this.calls.push(call)
    return call
  }

  /** Its first calls, in the order in which they entered, and those that came at the same instant as the last of them. */
  get #cohort(): readonly Call[] {
    const last = this.#present[this.config.outcomes - 1]
    return this.#present.filter(({ at }, place) => place < this.config.outcomes || at === last?.at)
  }

  /** A call has ended. Answers where that may lead. */
  settle(call: Call, isBad: boolean): readonly Place[] {
    call.isOut = false
    call.isBad = isBad
    const stay: Place = { circuit: this.circuit, step: this.step }
    if (call.epoch !== this.epoch || this.isForced) return [stay]
    if (call.probe) {
      this.probed += isBad ? -1 : 1
      if (this.probed >= this.config.needed) return [{ circuit: "ramping", step: first }]
      return this.probed <= -this.config.needed ? [{ circuit: "open" }] : [stay]
    }
    // What is usual when it is closed, and how a degraded circuit gets over it, is told elsewhere.
    if (this.circuit === "degraded") return [stay, { circuit: "closed" }]
    return this.circuit === "ramping" ? this.#judged(stay) : [stay]
  }

  #judged(stay: Place): readonly Place[] {
    const cohort = this.#cohort
    const ended = cohort.filter(({ isOut }) => !isOut)
    const bad = ended.filter(({ isBad }) => isBad).length
    const mayBeGone: readonly Place[] = bad >= 0.75 * this.config.outcomes ? [{ circuit: "open" }] : []
    const later = this.#present.filter((one) => !cohort.includes(one) && one.isBad === false).length
    const isKnown = cohort.length - ended.length <= Math.max(1, Math.floor(cohort.length / 10))
    if (cohort.length < this.config.outcomes) return [stay]
    // Those that still run may yet be well.
    const verdict = this.#verdict(bad / cohort.length)
    if (isKnown) return bad === cohort.length ? [{ circuit: "open" }] : [verdict, ...mayBeGone]
    // Calls that are overtaken by as many that went well may be given up.
    return later >= this.config.outcomes ? [stay, verdict, ...mayBeGone] : [stay, ...mayBeGone]
  }

  #verdict(share: number): Place {
    if (this.step <= lowest && share >= Math.max(0.3, 0.6 * this.blame)) return { circuit: "degraded" }
    if (share >= 0.5) return { circuit: "ramping", step: Math.max(lowest, this.step - 2) }
    if (this.step >= highest) return { circuit: "closed" }
    return { circuit: "ramping", step: Math.min(highest, this.step + this.stride) }
  }

  /** It went there. */
  went({ circuit, step }: Place): void {
    const before = this.step
    const cohort = this.#cohort
    const share = cohort.filter(({ isBad }) => isBad).length / Math.max(1, cohort.length)
    if (circuit === "ramping" && this.circuit !== "ramping") Object.assign(this, { stride: 2, blame: 0, stale: 0 })
    else if (circuit === "ramping") {
      const isBack = share >= 0.5
      this.stride = isBack ? 2 : this.stride * 2
      if (isBack) this.blame = Math.max(this.blame, share)
    }
    this.enter(circuit, step ?? before)
  }

  enter(circuit: Circuit, step = this.step): void {
    Object.assign(this, { circuit, step, enteredAt: this.now, offered: 0, admitted: 0, probed: 0 })
    this.epoch++
  }

  force(): void {
    if (!this.isForced) this.enter("open")
    this.isForced = true
  }

  release(): void {
    if (this.isForced) this.enter("halfOpen")
    this.isForced = false
  }

  /** Time passes: a wait ends, a probe that hangs is a bad one, and a step that is not judged in time begins anew, with twice the time. */
  pass(ms: number): void {
    const end = this.now + ms
    for (let at = this.#nextAt(); at <= end; at = this.#nextAt()) {
      this.now = at
      this.#due()
    }
    this.now = end
  }

  /** The probe whose lease ends first, of whatever epoch: its place is free then. */
  get #hanging(): Call | undefined {
    return this.out.find(({ probe }) => probe)
  }

  #nextAt(): number {
    const { leaseMs, waitMs } = this.config
    const never = Number.POSITIVE_INFINITY
    const lease = this.#hanging === undefined ? never : this.#hanging.at + leaseMs
    if (this.isForced) return lease
    if (this.circuit === "open") return Math.min(lease, this.enteredAt + waitMs)
    if (this.circuit === "ramping") return Math.min(lease, this.enteredAt + leaseMs * 2 ** this.stale)
    return lease
  }

  #due(): void {
    const call = this.#hanging
    if (call !== undefined && call.at + this.config.leaseMs <= this.now) {
      call.isOut = false
      if (call.epoch === this.epoch) this.enter("open")
      return
    }
    if (this.circuit === "open") return this.enter("halfOpen")
    this.stale++
    this.enter("ramping")
  }
}
