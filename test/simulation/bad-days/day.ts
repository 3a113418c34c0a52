/** One bad day: a script of happenings, played against a breaker of production code. */
import type * as Fiber from "effect/Fiber"
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import { AssembledBreaker } from "../../../src/assembledBreaker.ts"
import { type BreakerConfig, createBreaker } from "../../../src/index.ts"
import { stream } from "../../../src/testing/simulation/random.ts"
import { Books } from "./books.ts"
import { sendCalls } from "./calls.ts"
import { DayClock } from "./clock.ts"
import { configOf, type DayConfig } from "./configs.ts"
import { Expected } from "./expected.ts"
import { fair, type Happening, nobodySick, type Sick, type Weather } from "./happenings.ts"
import { isOutside, Outside } from "./outside.ts"

/** Options are the user's own object: whoever changed one would throw. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}

/** What a breaker may report that the day has caused itself. */
const caused = new Set(["listener", "classify", "observe"])

/** How long a circuit that is open still waits, by its own doing. */
const waitOf = ({ circuit, mode, holders }: Gate, now: number): number | undefined => {
  const retryAt = holders.find(({ layer }) => layer === "circuit")?.demand.retryAt
  return circuit === "open" && mode !== "forcedOpen" && retryAt !== undefined ? retryAt - now : undefined
}

/** Features of which something is held back. */
const heldIn = (breaker: AssembledBreaker): readonly string[] => {
  const { state, features = {} } = breaker.metrics().components.recovery ?? {}
  return state === "partial" ? Object.keys(features).filter((name) => features[name]?.state !== "full") : []
}

/** Chains of promises behind one call are shorter than this. */
const turns = 24

export class Day {
  readonly clock: DayClock
  readonly books = new Books()
  readonly outside: Outside
  /** Where calls may go, as the day sees it. */
  expected: Expected
  weather: Weather = fair
  sick: Sick = nobodySick
  config: BreakerConfig
  breaker: AssembledBreaker
  readonly ledger: AssembledBreaker | undefined
  listenerThrows = false
  classifierThrows = false
  /** What an invariant found in a promise of somebody else. */
  failure: unknown
  /** Calls behind `execute` that have not ended. */
  awaited = 0
  /** Those of them that are fibers: they go on in macrotasks of the host. */
  fibers = 0
  /** The fibers that call. */
  readonly callers = new Set<Fiber.Fiber<unknown, unknown>>()
  /** Promises may have become ready. */
  stirred = false
  /** Looked at after every event; throws when something is wrong. */
  afterEvent: () => void = () => {}

  constructor(seed: number, config: DayConfig) {
    this.clock = new DayClock(seed)
    this.clock.fired = () => {
      this.stirred ||= this.awaited > 0 || this.isInformed
    }
    this.outside = new Outside(this.clock, () => {
      this.stirred = true
    })
    this.expected = new Expected(this.outside.heard, this.clock)
    this.#given = config
    this.config = this.#complete(config)
    this.ledger = this.#ledgerFor(config)
    this.breaker = this.#make()
  }

  get plane(): AssembledBreaker["assembly"]["plane"] {
    return this.breaker.assembly.plane
  }

  /** Whether somebody outside tells the breaker something: that takes promises. */
  get isInformed(): boolean {
    return Boolean(this.config.discovery || this.config.health)
  }

  /** The config of the script, without functions. */
  #given: DayConfig

  /** A classifier of the user's, which breaks down when it is told to, and what is outside. */
  #complete(config: DayConfig): BreakerConfig {
    return frozen({
      ...this.outside.completed(config),
      classify: (exit: Parameters<NonNullable<BreakerConfig["classify"]>>[0]) => this.#classify(exit),
    })
  }

  #classify(exit: { readonly ok: boolean; readonly error?: unknown }) {
    if (this.classifierThrows) throw new Error("the classifier breaks down")
    if (exit.ok) return "success"
    return (exit.error as { readonly verdict?: "failure" | "ignored" }).verdict ?? "failure"
  }

  #ledgerFor({ strategy }: BreakerConfig): AssembledBreaker | undefined {
    if (typeof strategy !== "object" || strategy.type !== "dependency") return undefined
    return createBreaker("ledger", { strategy: "basic" }, { clock: this.clock }) as AssembledBreaker
  }

  madeAt = 0
  /** Whether it still has the config that it was made with. */
  isOriginal = true

  #make(restore?: ReturnType<AssembledBreaker["save"]>): AssembledBreaker {
    const { books } = this
    this.madeAt = this.clock.now()
    this.isOriginal = true
    this.expected.begin(this.config)
    this.stirred ||= this.isInformed
    const breaker = createBreaker("day", this.config, { clock: this.clock, restore })
    if (!(breaker instanceof AssembledBreaker)) throw new Error("createBreaker answered something else than a breaker")
    breaker.on("transition", (move) => {
      books.moves.push(move)
      books.heard++
      if (this.listenerThrows) throw new Error("the listener breaks down")
    })
    breaker.on("mode", (mode) => books.modes.push(mode))
    breaker.on("trouble", ({ part, error }) => {
      if (!caused.has(part) && !isOutside(part, error))
        books.troubles.push(`${part}: ${error instanceof Error ? error.stack : String(error)}`)
    })
    breaker.on("finding", ({ finding }) => {
      if ("features" in finding) books.features.push(finding)
    })
    breaker.on("refusal", () => {
      if (this.listenerThrows) throw new Error("the listener breaks down")
    })
    if (this.ledger) breaker.addDependency(this.ledger, { type: "critical" })
    return breaker
  }

  /** Looks where nobody could be told at once: what is found ends the day at the next event. */
  look(): void {
    try {
      this.afterEvent()
    } catch (error) {
      this.failure ??= error
    }
  }

  /** Plays the queue of events up to an instant. */
  async playTo(end: number): Promise<void> {
    if (this.stirred) await this.settle()
    while (this.clock.fireNext(end)) {
      if (this.stirred) await this.settle()
      this.afterEvent()
      if (this.failure !== undefined) throw this.failure
    }
    this.clock.jump(end)
  }

  async settle(): Promise<void> {
    while (this.stirred) {
      this.stirred = false
      for (let turn = 0; turn < turns; turn++) await undefined
      if (this.fibers > 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  async play(happening: Happening): Promise<void> {
    const { clock, books } = this
    switch (happening.do) {
      case "weather":
        this.weather = happening.weather
        return
      case "calls":
        return sendCalls(this, happening)
      case "wait":
        return this.playTo(clock.now() + happening.ms)
      case "stall":
        return this.#stall(happening.ms)
      case "wall": {
        const before = this.plane.gate
        clock.wallOffset += happening.ms
        books.untouched = { before, after: this.plane.gate, by: "the wall clock" }
        return
      }
      case "load":
        clock.pressure = { memory: happening.memory, eventLoop: happening.eventLoop }
        return
      case "operator": {
        const before = this.plane.gate
        this.breaker[happening.act]("the day")
        this.stirred = true
        if (happening.act === "release") books.released = { before, after: this.plane.gate }
        return this.settle()
      }
      case "reconfigure":
        this.#reconfigure(happening.seed)
        // Who waits is asked anew a moment later.
        return this.playTo(clock.now())
      case "restart":
        return this.#restart(happening)
      case "listener":
        this.listenerThrows = happening.throws
        return
      case "classifier":
        this.classifierThrows = happening.throws
        return
      case "observe":
        return this.breaker.observe("load", happening.value)
      case "ledger":
        return this.ledger?.[happening.act]("the day")
      case "provider":
        this.outside.turn(happening.does)
        return this.settle()
      case "checks":
        this.outside.checks = happening.end
        return
      case "sick":
        this.sick = happening
        return
    }
  }

  /** The event loop stands still. Then the host reads what has come meanwhile, before the wheel fires. */
  #stall(ms: number): Promise<void> {
    const { clock, books } = this
    const readsMs = Math.min(ms, 100)
    books.stalledMs += ms + readsMs
    clock.jump(clock.now() + ms)
    books.stalledAt = clock.now()
    return this.playTo(clock.now() + readsMs)
  }

  /** Another config of the swarm; the strategy stays of its kind where the breaker depends on others. */
  #reconfigure(seed: number): void {
    const drawn = configOf(stream(seed, "reconfigure"))
    const before = this.plane.gate
    const kind = (config: BreakerConfig) =>
      typeof config.strategy === "object" ? config.strategy.type : config.strategy
    if ((kind(drawn) === "dependency") !== (this.ledger !== undefined)) return
    const next = this.#complete(drawn)
    this.outside.heard.reconfigured()
    this.breaker.reconfigure(next)
    this.isOriginal = false
    const isSame = JSON.stringify(this.config.strategy) === JSON.stringify(next.strategy)
    this.config = next
    this.#given = drawn
    this.expected.reconfigured(next)
    this.stirred = true
    if (this.ledger) this.#depend()
    this.books.reconfigured = { before, after: this.plane.gate, sameStrategy: isSame }
  }

  #depend(): void {
    const { dependency } = this.breaker.metrics().components
    if (this.ledger && dependency && !("ledger" in dependency.dependencies))
      this.breaker.addDependency(this.ledger, { type: "critical" })
  }

  async #restart({ awayMs, wallMs }: Extract<Happening, { readonly do: "restart" }>): Promise<void> {
    const { breaker, clock, books } = this
    const before = this.plane.gate
    const savedAt = clock.now()
    const heldBefore = heldIn(breaker)
    const known = this.expected.known(before.lines.endpoints?.endpoints)
    const saved = JSON.parse(JSON.stringify(breaker.save()))
    await this.stop()
    clock.wallOffset += wallMs
    await this.playTo(clock.now() + awayMs)
    const leftBefore = waitOf(before, savedAt)
    books.features = []
    books.lastFeatures = undefined
    books.doubted.clear()
    books.tests.clear()
    books.heard = 0
    books.admitted = 0
    books.refused = 0
    books.moves = []
    books.lastMove = undefined
    this.config = this.#complete(this.#given)
    this.breaker = this.#make(saved)
    this.expected.restored(known)
    // What it took up moved it before anybody listened.
    books.heard = Object.values(this.breaker.metrics().components.metrics?.moves ?? {}).reduce(
      (all, one) => all + one,
      0,
    )
    await new Promise<void>((resolve) => queueMicrotask(resolve))
    const { gate: after } = this.plane
    const heldAfter = heldIn(this.breaker)
    books.restart = { before, after, leftBefore, leftAfter: waitOf(after, clock.now()), heldBefore, heldAfter }
  }

  /** Stops in virtual time: the fiber that waits for calls in flight goes on in macrotasks of the host. */
  async stop(breaker = this.breaker): Promise<void> {
    let done = false
    void breaker.stop({ grace: 100 }).then(() => {
      done = true
    })
    for (let turn = 0; turn < 200 && !done; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      this.stirred = true
      await this.playTo(this.clock.now() + 5)
    }
    if (!done) throw new Error("the breaker does not stop")
    if (breaker === this.breaker) this.outside.heard.stopped()
    this.stirred = true
    await this.settle()
  }

  /** The bad day is over: the service is well, nobody holds anything, and calls come for an hour at most. */
  async recover(): Promise<void> {
    this.weather = fair
    this.sick = nobodySick
    this.outside.mend()
    this.listenerThrows = false
    this.classifierThrows = false
    this.clock.pressure = { memory: 0, eventLoop: 0 }
    this.breaker.release("the day")
    this.ledger?.release("the day")
    // Most are well again in seconds; where few calls may enter, steps that are judged on twenty of them take their time.
    const breakers = this.ledger ? [this.ledger, this.breaker] : [this.breaker]
    let served = 0
    for (let call = 0; call < 9000 && (call < 150 || this.#isHeld); call++) {
      const refused = breakers.map((breaker) => this.#offer(breaker)).at(-1)
      served = refused === undefined ? served + 1 : 0
      await this.playTo(this.clock.now() + 400)
    }
    this.books.isServing = served >= 150
    this.books.stillRefused = this.#offer(this.breaker)
  }

  /** Whether something is held back still: by the circuit, or by what was said of the service and its parts. */
  get #isHeld(): boolean {
    const { circuit, holders, lines } = this.plane.gate
    const { panic = false, bad = [] } = lines.endpoints ?? {}
    const ejected = this.plane.admission.endpoints?.ejected ?? 0
    const isHeld = holders.some(({ by }) => ["health", "recovery", "discovery"].includes(by))
    return circuit !== "closed" || isHeld || panic || bad.length > 0 || ejected > 0
  }

  /** A call that ends quickly and well; answers why it was refused. */
  #offer(breaker: AssembledBreaker) {
    const ticket = breaker.acquire()
    this.books.calls++
    if (!ticket.admitted) return ticket
    ticket.settle("success")
    return undefined
  }

  async end(): Promise<void> {
    await this.stop()
    if (this.ledger) await this.stop(this.ledger)
    // Fibers are their callers' own: whoever still waits gives up.
    for (const fiber of this.callers) fiber.interruptUnsafe()
    for (let turn = 0; turn < 50 && this.fibers > 0; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    this.stirred = true
    // What a caller calls off after the stop leaves the wheel one empty turn, which holds no process.
    await this.playTo(this.clock.now() + 120_000)
  }
}
