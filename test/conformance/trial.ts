/** One breaker on the stage, and the calls that were made through it. */
import type { Ending, Settings, State, Subject } from "./adapter.ts"
import { counted } from "./counted.ts"
import type { Stage } from "./stage.ts"

export interface StartOptions {
  /** The caller may give up. */
  readonly abortable?: boolean | undefined
  /** The work stops when its signal tells it to. */
  readonly heeds?: boolean | undefined
  /** The work fails at once, each time it is started. */
  readonly fails?: boolean | undefined
}

/** An error that a case asks a breaker to ignore. */
export class IgnoredError extends Error {}

export class Call {
  readonly number: number
  /** How often its work was started. */
  starts = 0
  ending: Ending | undefined
  /** Its work was told to stop. */
  told = false
  readonly caller: AbortController | undefined
  readonly #options: StartOptions
  #end: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void } | undefined

  constructor(number: number, options: StartOptions) {
    this.number = number
    this.#options = options
    this.caller = options.abortable ? new AbortController() : undefined
  }

  get at(): "waiting" | "running" | "ended" {
    return this.ending !== undefined ? "ended" : this.starts > 0 ? "running" : "waiting"
  }

  readonly work = (signal: AbortSignal | undefined): Promise<unknown> => {
    this.starts++
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject }
      signal?.addEventListener("abort", () => {
        this.told = true
        if (this.#options.heeds) reject(signal.reason)
      })
      if (this.#options.fails) reject(new Error("down"))
    })
  }

  end(error: unknown): void {
    if (error === undefined) this.#end?.resolve("answer")
    else this.#end?.reject(error)
  }

  describe(): string {
    if (this.ending === undefined) return this.at === "waiting" ? "waits" : "runs"
    if (this.ending.kind !== "rejected") return this.ending.kind === "timedOut" ? "timed out" : this.ending.kind
    const { retryAfterMs } = this.ending
    return retryAfterMs === undefined ? "rejected, without a time" : `rejected, to come back in ${retryAfterMs} ms`
  }
}

export class Trial {
  readonly stage: Stage
  readonly subject: Subject
  readonly settings: Settings
  #calls = 0

  constructor(stage: Stage, subject: Subject, settings: Settings) {
    this.stage = stage
    this.subject = subject
    this.settings = settings
  }

  /** Starts calls at the same instant, and lets what is ready run. */
  async begin(count: number, options: StartOptions = {}): Promise<readonly Call[]> {
    const calls = Array.from({ length: count }, () => new Call(++this.#calls, options))
    for (const call of calls) {
      this.subject.run(call.work, call.caller?.signal).then(
        () => {
          call.ending = { kind: "succeeded" }
        },
        (error) => {
          call.ending = this.subject.ending(error)
        },
      )
    }
    await this.subject.advance(0)
    return calls
  }

  async start(options: StartOptions = {}): Promise<Call> {
    const [call] = await this.begin(1, options)
    if (call === undefined) throw new Error("no call was started")
    this.stage.note(`call ${call.number} starts: ${call.describe()}`)
    return call
  }

  /** A call that enters, without which the case is not about anything. */
  async enter(options: StartOptions = {}): Promise<Call> {
    const call = await this.start(options)
    this.stage.premise(call.at === "running", `call ${call.number} must run here`)
    return call
  }

  async succeeds(call: Call): Promise<void> {
    await this.#ends(call, "its work succeeds", undefined)
  }

  async fails(call: Call, error: Error = new Error("down")): Promise<void> {
    await this.#ends(call, "its work fails", error)
  }

  async #ends(call: Call, how: string, error: Error | undefined): Promise<void> {
    call.end(error)
    await this.subject.advance(0)
    this.stage.note(`call ${call.number}, ${how}: ${call.describe()}; circuit ${await this.state()}`)
  }

  async abort(call: Call): Promise<void> {
    call.caller?.abort(new DOMException("the caller gave up", "AbortError"))
    await this.subject.advance(0)
    this.stage.note(`call ${call.number}, its caller gives up: ${call.describe()}; circuit ${await this.state()}`)
  }

  async advance(ms: number): Promise<void> {
    await this.subject.advance(ms)
    this.stage.passed(ms)
  }

  state(): Promise<State> {
    return this.subject.state()
  }

  /** Calls one after another, each failing; answers how many of them ran. */
  async fail(count: number, error: Error = new Error("down")): Promise<number> {
    let ran = 0
    for (let turn = 0; turn < count; turn++) {
      const [call] = await this.begin(1)
      if (call?.at !== "running") continue
      ran++
      call.end(error)
      await this.subject.advance(0)
    }
    this.stage.note(`${counted(count, "failing call")}, one by one, ${ran} run: circuit ${await this.state()}`)
    return ran
  }

  /** Fails until the circuit is open; answers how many calls that took. */
  async trip(): Promise<number> {
    let calls = 0
    while (calls < 500 && (await this.state()) !== "open") {
      const [call] = await this.begin(1)
      call?.end(new Error("down"))
      await this.subject.advance(0)
      calls++
    }
    this.stage.note(`${counted(calls, "failing call")}: circuit ${await this.state()}`)
    this.stage.premise((await this.state()) === "open", "the circuit must be open here")
    return calls
  }

  async tripAndWait(): Promise<void> {
    await this.trip()
    await this.advance(this.settings.openForMs)
    this.stage.note("the open time is over")
  }

  async mustNotBe(...states: readonly State[]): Promise<void> {
    const state = await this.state()
    this.stage.must(!states.includes(state), `the circuit must not be ${state}`)
  }

  async mustBe(state: State): Promise<void> {
    const found = await this.state()
    this.stage.must(found === state, `the circuit must be ${state}, and is ${found}`)
  }
}
