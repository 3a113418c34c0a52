/** Plays a recording again, event by event, with the production code; tells every decision, and whether it is the recorded one. */
import { createHash, type Hash } from "node:crypto"
import type { Circuit } from "../../../machines/vocabulary/circuit.ts"
import type { Gate, Mode } from "../../../machines/vocabulary/gate.ts"
import { retryIn } from "../../assemble.ts"
import { moveWords } from "../../observability/decisionWords.ts"
import { FindingNews, isGraph } from "../../observability/findingWords.ts"
import { cellWords } from "../../observability/inspector/cellWords.ts"
import { holdingBack } from "../../observability/inspector/holding.ts"
import type { Tallied } from "../../observability/inspector/inspected.ts"
import type { BreakerLine } from "../../observability/recording/format.ts"
import { type Happening, happenings } from "../../observability/recording/happenings.ts"
import type { Recording } from "../../observability/recording/read.ts"
import type { ActorStates } from "../../subject.ts"
import { markIn } from "./fittedKeys.ts"
import { chosen, PlayedBreaker } from "./playedBreaker.ts"
import type { Told, Watch } from "./playedPlanes.ts"
import { PlayerClock } from "./playerClock.ts"
import { type Shown, shownIn } from "./shownGauges.ts"

/** One thing that was decided. */
export interface Moment {
  /** Wall-clock milliseconds since 1970. */
  readonly wall: number
  readonly breaker: string
  readonly kind: "moved" | "operator" | "finding" | "gate" | "cell" | "trouble"
  readonly words: string
  /** How the breaker stands from now on. */
  readonly circuit: Circuit
  readonly mode: Mode
  readonly share: number
  /** How many probes may enter at once, and nobody else; 0 where it is not only probes. */
  readonly probes: number
  readonly heldBy: readonly string[]
  readonly calls: Tallied
  readonly actors: readonly ActorStates[]
}

export interface Played {
  readonly moments: readonly Moment[]
  readonly breakers: readonly { readonly name: string; readonly calls: Tallied; readonly isWhole: boolean }[]
  /** Admissions that were decided as recorded, of all. */
  readonly agreed: number
  readonly decisions: number
  /** The first that was not. */
  readonly firstDifference: string | undefined
  /** Of every decision: the same recording has the same trace, always. */
  readonly trace: string
  /** Breakers by key of which nothing was recorded, because there were too many. */
  readonly omitted: number
}

type Went = (serial: number, endpoint: string) => void

interface Playing {
  readonly breaker: PlayedBreaker
  readonly clock: PlayerClock
  readonly line: BreakerLine
}

export const countsOf = ({ plane: { tally } }: PlayedBreaker): Tallied => {
  const { admitted, rejected, success, failure, timedOut, ignored } = tally
  return { admitted, rejected, success, failure, timedOut, ignored }
}

type Said = Pick<Moment, "kind" | "words">

function saidOf(told: Told, news: FindingNews, gate: Gate | undefined, at: number): readonly Said[] {
  if (told.type === "circuit.moved") {
    const retryInMs = gate && retryIn(told, gate)
    return [{ kind: "moved", words: `${told.from} → ${told.to}: ${moveWords({ ...told, retryInMs })}` }]
  }
  if (told.type === "mode.changed") return [{ kind: "operator", words: `${told.from} → ${told.to}: ${told.why}` }]
  if (told.type === "trouble") return [{ kind: "trouble", words: `${told.part} threw` }]
  if (told.type !== "finding.changed") return []
  const { part, finding } = told
  const words = isGraph(finding) ? news.ofDependencies({ ...finding, to: finding.state }) : news.of(part, finding, at)
  return words.map((one) => ({ kind: "finding", words: one }))
}

const standingOf = (breaker: PlayedBreaker, { name, saved, member }: BreakerLine): Played["breakers"][number] => ({
  name,
  calls: countsOf(breaker),
  isWhole: saved === undefined && member?.isPartial === undefined,
})

class Player {
  readonly moments: Moment[] = []
  readonly playing = new Map<number, Playing>()
  /** Breakers by key that were forgotten, as they were then. */
  readonly gone: Played["breakers"][number][] = []
  agreed = 0
  decisions = 0
  firstDifference: string | undefined
  /** All has been played: that the players are let go is nothing that happened. */
  #isOver = false
  readonly #hash: Hash = createHash("sha256")
  readonly #shown: ReadonlyMap<number, readonly Shown[]>
  readonly #went: Went

  constructor(recording: Recording, went: Went) {
    this.#shown = shownIn(recording)
    this.#went = went
  }

  get trace(): string {
    return this.#hash.copy().digest("hex")
  }

  take(happening: Happening): void {
    if (happening.type === "breaker") return this.#begin(happening.line)
    const b = "line" in happening ? happening.line.b : happening.b
    const at = "line" in happening ? happening.line.at : happening.at
    const one = this.playing.get(b)
    if (one === undefined || happening.type === "moved" || happening.type === "gone") return
    if (happening.type === "turned" && !happening.isNow) return one.clock.turn(at)
    if (happening.type === "stood") return one.clock.stand(at, happening.ms)
    one.clock.set(at)
    if (happening.type === "turned") return
    if (happening.type === "rests") return this.#rest(one, happening)
    if (happening.type === "settled") one.breaker.settle(happening.serial, happening.judged, at)
    else if (happening.type === "lent") one.breaker.lend(happening.serial, happening.leaseMs)
    else if (happening.type === "event") one.breaker.send(happening.line.event)
    else if (happening.type === "gaveUp") one.breaker.giveUp(happening.number, at)
    else if (happening.type === "waits") this.#wait(one, happening)
    else this.#decide(one, happening, at)
  }

  #begin(line: BreakerLine): void {
    // Introduced again, it is what it is said to be.
    this.playing.get(line.b)?.breaker.end()
    const clock = new PlayerClock(line.at, line.wall)
    const news = new FindingNews()
    let isLive = false
    let share = 1
    let present: Gate | undefined
    const watch: Watch = {
      gate: (gate: Gate) => {
        if (this.#isOver) return
        present = gate
        const { version: _version, ...said } = gate
        this.#note(`${line.b} ${clock.now()} ${JSON.stringify(said)}`)
        const isNews = isLive && gate.restriction.share !== share
        share = gate.restriction.share
        const words =
          gate.phase === "active" ? `${percent(share)} of the calls may enter` : `the breaker is ${gate.phase}`
        if (isNews) this.#moment(line, { kind: "gate", words })
      },
      told: (told: Told) => {
        const said = saidOf(told, news, present, clock.now())
        // What it begins with was told before, or is what it is introduced as.
        if (isLive) for (const one of said) this.#moment(line, one)
      },
      cell: (event) => this.#moment(line, { kind: "cell", words: cellWords({ ...event, key: markIn(event.key) }) }),
    }
    const breaker = new PlayedBreaker(line, chosen(line.parts), clock, watch, this.#shown.get(line.b))
    this.playing.set(line.b, { breaker, clock, line })
    isLive = true
  }

  /** How all of them stand; they are let go. */
  end(): Played["breakers"] {
    this.#isOver = true
    const living = [...this.playing.values()].map(({ breaker, line }) => {
      const standing = standingOf(breaker, line)
      breaker.end()
      return standing
    })
    return [...this.gone, ...living]
  }

  #rest({ breaker, line }: Playing, { isForgotten, at }: Extract<Happening, { readonly type: "rests" }>): void {
    if (!isForgotten) return breaker.rest(at)
    this.gone.push(standingOf(breaker, line))
    breaker.end()
    this.playing.delete(line.b)
  }

  #wait(
    { breaker, line }: Playing,
    { number, at, facts, deadlineAt }: Extract<Happening, { readonly type: "waits" }>,
  ): void {
    const waits = breaker.wait(number, at, facts, deadlineAt)
    this.#count(line, at, "to wait", waits ? "to wait" : "not to wait")
  }

  #decide(one: Playing, happening: Extract<Happening, { readonly waited: number }>, at: number): void {
    const recorded = happening.type === "entered" ? happening.entry : "refused"
    const serial = happening.type === "entered" ? happening.serial : 0
    const now = one.breaker.enter(serial, at, happening.facts, happening.waited)
    const endpoint = one.breaker.endpointOf(serial)
    if (endpoint !== undefined) this.#went(serial, endpoint)
    // What was refused then has no end that could be told.
    if (recorded === "refused" && now !== "refused") one.breaker.settle(serial, "ignored", at)
    this.#count(one.line, at, recorded, now)
  }

  #count({ b, name }: BreakerLine, at: number, recorded: string, now: string): void {
    this.#note(`${b} ${at} ${now}`)
    this.decisions++
    if (now === recorded) this.agreed++
    else this.firstDifference ??= `${name}: a call at ${at} ms was ${recorded} and is ${now} in the replay`
  }

  #note(text: string): void {
    this.#hash.update(text).update("\n")
  }

  #moment({ b, name }: BreakerLine, said: Said): void {
    const one = this.playing.get(b)
    if (one === undefined) return
    const { circuit, mode, restriction, holders } = one.breaker.plane.gate
    const heldBy = holdingBack(holders).map(({ by }) => by)
    const calls = countsOf(one.breaker)
    this.#note(`${b} ${said.words}`)
    const last = this.moments.at(-1)
    // A gate is told before the move that it belongs to: the move says more.
    if (last?.kind === "gate" && last.breaker === name && last.wall === one.clock.wallNow()) this.moments.pop()
    this.moments.push({
      wall: one.clock.wallNow(),
      breaker: name,
      ...said,
      circuit,
      mode,
      share: restriction.share,
      probes: Number.isFinite(restriction.probes) ? restriction.probes : 0,
      heldBy,
      calls,
      actors: one.breaker.actors,
    })
  }
}

export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

/** Plays it to its end. `went` hears of each call that is handed an endpoint, by the call's number. */
export function play(recording: Recording, went: Went = () => {}): Played {
  const player = new Player(recording, went)
  for (const happening of happenings(recording)) player.take(happening)
  const breakers = player.end()
  const { moments, agreed, decisions, firstDifference, trace } = player
  const end = recording.lines.at(-1)
  const omitted = end?.t === "end" ? (end.omitted ?? 0) : 0
  return { moments, breakers, agreed, decisions, firstDifference, trace, omitted }
}
