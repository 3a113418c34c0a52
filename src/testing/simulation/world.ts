/** The seam between the engine and the worlds it runs: who calls, what answers, and when something is wrong. */
import { chance } from "../../../machines/chance.ts"
import type { Priority } from "../../../machines/vocabulary/priority.ts"
import type { Offered, Settled, Token } from "./policy.ts"
import { Happening } from "./queue.ts"
import type { Fault } from "./record.ts"

/** What the engine does for loads and servers. */
export interface Stage {
  readonly now: number
  plan(happening: Happening, at: number): void
  cancel(happening: Happening): void
  /** Somebody calls now. */
  offer(call: Call): void
  /** The end of a call that was planned when it began has come. */
  over(call: Call): void
  /** A server that did not know the end of a call when it took it says it now. `workMs`: what the call cost the server. */
  answer(call: Call, good: boolean, workMs: number): void
}

export type Fate = "pending" | "waiting" | "running" | "refused" | "success" | "failure" | "timedOut"

/** One call. While it runs it is also the happening of its own end. */
export class Call extends Happening implements Offered {
  readonly offeredAt: number
  readonly client: number
  readonly key: number
  /** Where it goes, in worlds of endpoints; -1 until it is let in. */
  endpoint = -1
  /** Uniform in [0, 1), drawn when it was offered: the same call has the same luck under every policy. */
  readonly luck: number
  priority: Priority | undefined = undefined
  tenant: string | undefined = undefined
  deadlineMs = Number.POSITIVE_INFINITY
  startedAt = Number.NaN
  fate: Fate = "pending"
  /** Attempts of it that a policy has made one by one. */
  attempts = 0
  token: Token | undefined
  /** Set by the server when it takes the call: when it answers (Infinity: it says so later), how, and its work. */
  answersAt = Number.POSITIVE_INFINITY
  good = false
  workMs = 0
  readonly #stage: Stage

  constructor(stage: Stage, luck: number, client = 0, key = 0) {
    super()
    this.#stage = stage
    this.offeredAt = stage.now
    this.luck = luck
    this.client = client
    this.key = key
  }

  fire(): void {
    this.#stage.over(this)
  }
}

/** One attempt of a call that a policy may make again. Its luck is its own, and the same under every policy. */
export class Attempt extends Call {
  readonly of: Call
  readonly ended: (kind: Settled) => void

  constructor(stage: Stage, of: Call, ended: (kind: Settled) => void) {
    super(stage, chance(Math.floor(of.luck * 2 ** 32), of.attempts++), of.client, of.key)
    this.of = of
    this.ended = ended
  }
}

export interface Load {
  start(stage: Stage): void
  /** A call has ended for its caller, or was refused. */
  ended?(call: Call, stage: Stage): void
}

export interface Server {
  /** Takes an admitted call: sets when and how it is answered, if that is known. */
  take(call: Call, now: number, stage: Stage): void
}

/** One seed's world: everything is drawn from the seed, nothing depends on the policy. */
export interface World {
  readonly horizonMs: number
  readonly faults: readonly Fault[]
  readonly load: Load
  readonly server: Server
  /** How long callers wait for an answer. */
  readonly patienceMs: number
  /** Callers say the keys of their calls to whatever protects them. */
  readonly keysTold?: boolean
  /** The service has so many endpoints, any of which will do. Whoever cannot choose among them spreads calls evenly. */
  readonly endpoints?: number
  /** Callers say how long they wait: as the `deadline` of their calls. */
  readonly tellsDeadline?: boolean
  /** Calls that are also recorded apart, by what they are about. */
  readonly groups?: { readonly count: number; readonly by?: "endpoint"; of(call: Call): number }
}
