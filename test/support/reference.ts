/**
 * A breaker in a hundred lines, written from README alone and sharing no code with the real one: `basic` with a constant number of slots
 * and one exact rate. Slow and plain on purpose: every list is gone through, nothing is kept that could be computed.
 */
export interface ReferenceConfig {
  /** `row`: failures in a row; otherwise the last `calls` of which `ratio` failed, once there are `least`. */
  readonly window: { readonly row: number } | { readonly calls: number; readonly ratio: number; readonly least: number }
  readonly wait: { readonly base: number; readonly factor: number; readonly max: number; readonly memory: number }
  readonly probes: { readonly atOnce: number; readonly needed: number; readonly leaseMs: number }
  readonly slots: number
  readonly rate: { readonly limit: number; readonly intervalMs: number } | undefined
}

export interface ReferencePermit {
  readonly epoch: number
  readonly probe: boolean
  readonly endsAt: number
  isOut: boolean
}

export type Why = "operator" | "circuit" | "probe" | "limit" | "rateLimit"

const permitLeaseMs = 60_000

export class Reference {
  now = 0
  circuit: "closed" | "open" | "halfOpen" = "closed"
  isForced = false
  epoch = 0
  /** When an open circuit probes. */
  retryAt = 0
  readonly config: ReferenceConfig
  readonly permits: ReferencePermit[] = []
  /** True for a failure, latest last, of the present epoch. */
  #outcomes: boolean[] = []
  #probed = 0
  #trips = 0
  #closedAt: number | undefined
  /** When what was spent of the rate is paid off. */
  #owedUntil = 0

  constructor(config: ReferenceConfig) {
    this.config = config
  }

  get out(): readonly ReferencePermit[] {
    return this.permits.filter(({ isOut }) => isOut)
  }

  /** Everything that forbids the next call. */
  get forbidden(): ReadonlySet<Why> {
    const { slots, probes, rate } = this.config
    const why = new Set<Why>()
    if (this.isForced) why.add("operator")
    else if (this.circuit === "open") why.add("circuit")
    const probing = this.out.filter(({ probe, epoch }) => probe && epoch === this.epoch)
    if (!this.isForced && this.circuit === "halfOpen" && probing.length >= probes.atOnce) why.add("probe")
    if (this.out.length >= slots) why.add("limit")
    if (rate !== undefined && this.#owed > rate.intervalMs - rate.intervalMs / rate.limit + 1e-6) why.add("rateLimit")
    return why
  }

  get #owed(): number {
    return Math.max(0, this.#owedUntil - this.now)
  }

  admit(): ReferencePermit | undefined {
    if (this.forbidden.size > 0) return undefined
    const { rate, probes } = this.config
    if (rate !== undefined) this.#owedUntil = this.now + this.#owed + rate.intervalMs / rate.limit
    const probe = this.circuit === "halfOpen"
    const endsAt = this.now + (probe ? probes.leaseMs : permitLeaseMs)
    const permit = { epoch: this.epoch, probe, endsAt, isOut: true }
    this.permits.push(permit)
    return permit
  }

  /** False when it had ended before. */
  settle(permit: ReferencePermit, end: "success" | "failure" | "ignored"): boolean {
    if (!permit.isOut) return false
    permit.isOut = false
    if (permit.epoch !== this.epoch || end === "ignored") return true
    if (permit.probe) this.#judgeProbe(end)
    else this.#judge(end === "failure")
    return true
  }

  #judge(failed: boolean): void {
    const { window } = this.config
    this.#outcomes.push(failed)
    if ("row" in window) {
      const row = this.#outcomes.length - 1 - this.#outcomes.lastIndexOf(false)
      return row >= window.row ? this.#trip() : undefined
    }
    const last = this.#outcomes.slice(-window.calls)
    const failures = last.filter(Boolean).length
    if (last.length >= window.least && failures / last.length >= window.ratio) this.#trip()
  }

  #judgeProbe(end: "success" | "failure"): void {
    if (end === "failure") return this.#trip()
    if (++this.#probed < this.config.probes.needed) return
    this.#enter("closed")
    this.#forget()
    this.#closedAt = this.now
  }

  /** Trips are forgotten so long after the circuit has closed; an operator's open circuit is no trip, and its end no close that renews them. */
  #forget(): void {
    if (this.#closedAt !== undefined && this.now - this.#closedAt > this.config.wait.memory) this.#trips = 0
  }

  #trip(): void {
    const { base, factor, max } = this.config.wait
    this.#forget()
    this.#closedAt = undefined
    this.retryAt = this.now + Math.min(max, base * factor ** this.#trips)
    this.#trips++
    this.#enter("open")
  }

  #enter(circuit: "closed" | "open" | "halfOpen"): void {
    this.circuit = circuit
    this.epoch++
    this.#outcomes = []
    this.#probed = 0
  }

  force(): void {
    if (this.isForced) return
    this.isForced = true
    this.#enter("open")
  }

  release(): void {
    if (!this.isForced) return
    this.isForced = false
    this.#enter("halfOpen")
  }

  /** Time passes: waits and leases end in their order. */
  pass(ms: number): void {
    const end = this.now + ms
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.now = next.at
      next.run()
    }
    this.now = end
  }

  #nextUntil(end: number): { readonly at: number; readonly run: () => void } | undefined {
    const leases = this.out.map((permit) => ({ at: permit.endsAt, run: () => this.#expire(permit) }))
    const waits =
      this.circuit === "open" && !this.isForced ? [{ at: this.retryAt, run: () => this.#enter("halfOpen") }] : []
    return [...waits, ...leases].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0]
  }

  /** A permit that is out for too long is settled as ignored; a probe that hangs is a bad one. */
  #expire(permit: ReferencePermit): void {
    permit.isOut = false
    if (permit.probe && permit.epoch === this.epoch) this.#trip()
  }
}
