/**
 * One process that outlives a run of Vitest, and so a mutant: to start one, and to load xstate, effect and fast-check into it, costs several times
 * what the tests of a mutant cost. The sources are evaluated anew for every test file, as Vitest does where files are isolated, so that
 * what a mutant does when it is loaded, and what it leaves behind in a module, is its own affair.
 */
import { ForksPoolWorker } from "vitest/node"
import slow from "./slow.json" with { type: "json" }

type Options = ConstructorParameters<typeof ForksPoolWorker>[0]
type Listener = Parameters<ForksPoolWorker["on"]>[1]

interface Message {
  readonly type?: string
  readonly context?: object
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** The name of any test but the slow ones; of any at all where they are asked for. */
const quick =
  process.env.MUTANT_SLOW === undefined ? new RegExp(`^(?!.*(?:${slow.map(escaped).join("|")})\\s*$)`) : /(?:)/

const answer = (type: "started" | "stopped"): object => ({ __vitest_worker_response__: true, type })

/** Test files in one process: V8's heap, and what tests leave on `globalThis`, start anew after so many. */
const runsOfOne = 1000

let standing: ForksPoolWorker | undefined
let runs = 0

export class StandingWorker {
  readonly name = "standing"
  readonly cacheFs = true
  readonly #options: Options
  readonly #listeners: [string, Listener][] = []
  #config: object | undefined
  /** StrykerJS asks for no tests by name: in its first run, and where a mutant acts when it is loaded. */
  #isOfAll = false
  #isDone = false

  constructor(options: Options) {
    this.#options = options
  }

  on(event: string, listener: Listener): void {
    this.#listeners.push([event, listener])
    standing?.on(event, listener)
  }

  off(event: string, listener: Listener): void {
    standing?.off(event, listener)
  }

  async start(): Promise<void> {
    if (standing !== undefined) return
    standing = new ForksPoolWorker(this.#options)
    runs = 0
    await standing.start()
  }

  send(message: Message): void {
    if (message.type === "stop") {
      this.#isDone = true
      this.#tell(answer("stopped"))
    } else if (message.type === "start") {
      this.#config = (message.context as { readonly config: object }).config
      this.#isOfAll = !("testNamePattern" in this.#config) || this.#config.testNamePattern === undefined
      if (runs === 0) standing?.send(message as never)
      else this.#tell(answer("started"))
    } else if (message.type === "run") {
      runs++
      const config = { ...this.#config, ...(this.#isOfAll && { testNamePattern: quick }) }
      standing?.send({ ...message, context: { ...message.context, config } } as never)
    } else standing?.send(message as never)
  }

  /** What did not end by itself, or has run often, does not run again. */
  async stop(): Promise<void> {
    const worker = standing
    if (worker === undefined) return
    for (const [event, listener] of this.#listeners) worker.off(event, listener)
    if (this.#isDone && runs < runsOfOne) return
    standing = undefined
    await worker.stop()
  }

  deserialize(data: unknown): unknown {
    return data
  }

  #tell(message: object): void {
    for (const [event, listener] of this.#listeners) if (event === "message") queueMicrotask(() => listener(message))
  }
}
