/** What is recorded of one breaker. */
import type { BreakerEvents } from "../../events.ts"
import type { BreakerLine, EventLine, RecordedLine, RecordedPart } from "./format.ts"
import type { ReelTape, Turning } from "./reelTape.ts"

/** A breaker as the recorder sees it. */
export interface Recordable {
  readonly name: string
  now(): number
  wallNow(): number
  /** Whether it is one of very many, which are introduced when there is something to tell of them. */
  readonly isOneOfMany: boolean
  /** When the timers of its clock were fired last. */
  readonly turning: Turning
  record(tape: ReelTape | undefined): void
  /** Where a key falls among those that it remembers; `undefined` when it remembers none. */
  bucketOf(key: string): number | undefined
  /** What it is made of, and what it knows; `saved` is absent when it has only just begun. */
  describe(): Pick<BreakerLine, "seed" | "saved" | "told" | "member"> & { readonly parts: readonly RecordedPart[] }
}

type Moved = Omit<BreakerEvents["transition"], "type">

/** Writes a line of its own, after all calls before it. */
interface Writer {
  write(track: Track, line: RecordedLine): void
}

export class Track {
  readonly who: number
  readonly subject: Recordable
  readonly tape: ReelTape
  readonly #recorder: Writer
  isIntroduced = false
  wasIntroduced = false

  constructor(who: number, subject: Recordable, tape: ReelTape, recorder: Writer) {
    this.who = who
    this.subject = subject
    this.tape = tape
    this.#recorder = recorder
  }

  moved({ breaker: _breaker, ...moved }: Moved): void {
    this.#recorder.write(this, { t: "moved", b: this.who, ...moved })
  }

  /** Its actors hear something: of what comes from outside, neither from calls nor from clocks, what it is. */
  heard(event: EventLine["event"] | undefined): void {
    // What goes on in one that nobody has been told of is a part of what it will be introduced as.
    if (event === undefined && !this.isIntroduced) return
    const at = this.subject.now()
    this.tape.turn(at)
    if (event !== undefined) this.#recorder.write(this, { t: "event", b: this.who, at, event })
  }

  /** The file has said what it is. */
  introduced(): void {
    this.isIntroduced = true
    this.wasIntroduced = true
    this.tape.begin()
  }

  /** What comes next says anew what it is. */
  forget(): void {
    this.isIntroduced = false
    this.tape.forget()
  }
}
