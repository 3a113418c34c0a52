/** The recorder: writes down every call and every decision of breakers, so that an incident can be played again. */
import { createHash, randomBytes } from "node:crypto"
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { Judged, OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import type { BreakerEvents } from "../../events.ts"
import { RotatingFile } from "./files.ts"
import { type EventLine, formatVersion, type RecordedLine, type RecordedPart, Seal } from "./format.ts"
import { Reel, ReelTape } from "./reel.ts"

/** A breaker as the recorder sees it. */
export interface Recordable {
  readonly name: string
  now(): number
  wallNow(): number
  /** When the timers of its clock were fired last. */
  readonly turning: { readonly turnedAt: number }
  record(tape: ReelTape | undefined): void
  /** What it is made of, and what it knows; `saved` is absent when it has only just begun. */
  describe(): { readonly seed: number; readonly parts: readonly RecordedPart[]; readonly saved?: unknown }
  onTransition(listener: (event: BreakerEvents["transition"]) => void): () => void
  /** Its actors hear something: of what comes from outside, neither from calls nor from clocks, what it is. */
  onHeard(listener: (event: EventLine["event"] | undefined) => void): () => void
}

export interface RecorderSettings {
  readonly file: string
  readonly maxBytes: number
  readonly files: number
  readonly library: string
  /** What of a call's options says something of the call. */
  readonly factNames: readonly string[]
  /** What stands for a text that callers gave, such as a key. */
  readonly redact: ((text: string) => string) | undefined
  wallNow(): number
  /** Calls back after so many milliseconds, without keeping the process alive; answers how to call it off. */
  after(delayMs: number, run: () => void): () => void
  /** The disk refused, and recording has ended. */
  failed(error: unknown): void
}

interface Recorded {
  readonly who: number
  readonly subject: Recordable
  readonly tape: ReelTape
  readonly stops: readonly (() => void)[]
}

const flushEveryMs = 250
/** Distinct facts that are remembered; those beyond are recorded as nothing. */
const mostFacts = 10_000

/** Facts whose words are the program's own; every other text may name somebody. */
const impersonal: readonly string[] = ["priority", "feature"]
const isPersonal = (name: string, value: unknown): value is string =>
  typeof value === "string" && !impersonal.includes(name)

/** The same text is the same mark in one recording, and cannot be guessed from it. */
function marked(): (text: string) => string {
  const salt = randomBytes(16)
  return (text) => `#${createHash("sha256").update(salt).update(text).digest("hex").slice(0, 12)}`
}

export class FileRecorder {
  readonly #settings: RecorderSettings
  readonly #redact: (text: string) => string
  readonly #file: RotatingFile
  readonly #recorded = new Map<number, Recorded>()
  readonly #facts = new Map<string, number>()
  readonly #reel: Reel
  #seal = new Seal()
  #part = 0
  #isOver = false
  #cancel: (() => void) | undefined
  /** Bytes written in all. */
  bytes = 0

  constructor(settings: RecorderSettings) {
    this.#settings = settings
    this.#redact = settings.redact ?? marked()
    this.#file = new RotatingFile(settings.file, settings.files)
    this.#reel = new Reel(
      () => this.#flushLater(),
      () => this.flush(),
    )
    this.#begin()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  add(who: number, subject: Recordable): void {
    if (this.#isOver) return
    const tape = new ReelTape(this.#reel, who, subject.turning, {
      factNames: this.#settings.factNames,
      factsId: (facts) => this.#factsId(facts),
      asked: (serial, judged, now) => this.#asked(who, serial, judged, now),
    })
    const stops = [
      subject.onTransition(({ type: _type, breaker: _breaker, ...moved }) => {
        this.#write({ t: "moved", b: who, ...moved })
      }),
      subject.onHeard((event) => {
        tape.turn()
        if (event !== undefined) this.#write({ t: "event", b: who, at: subject.now(), event })
      }),
    ]
    this.#recorded.set(who, { who, subject, tape, stops })
    this.#introduce(who, subject)
    subject.record(tape)
  }

  remove(who: number): void {
    const recorded = this.#recorded.get(who)
    if (recorded === undefined) return
    this.#recorded.delete(who)
    this.#release(recorded)
    if (!this.#isOver) this.#write({ t: "gone", b: who, at: recorded.subject.now() })
  }

  /** Writes what is on the reel. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#isOver || this.#reel.isEmpty) return
    this.#putBytes(this.#seal.bytes(...this.#reel.take()))
    if (this.#file.size >= this.#settings.maxBytes) this.#rotate()
  }

  stop(): void {
    if (this.#isOver) return
    this.flush()
    this.#put({ t: "end", at: this.#settings.wallNow(), why: "stopped" })
    this.#end()
  }

  #begin(): void {
    this.#file.begin()
    this.#seal = new Seal()
    this.#part++
    this.#facts.clear()
    const { library, wallNow } = this.#settings
    this.#put({ t: "recloser", format: formatVersion, library, startedAt: wallNow(), part: this.#part })
  }

  /** A file is complete in itself: the next one says anew who is recorded, and what they know. */
  #rotate(): void {
    this.#put({ t: "end", at: this.#settings.wallNow(), why: "rotated" })
    this.#try(() => this.#begin())
    for (const { who, subject } of this.#recorded.values()) this.#introduce(who, subject)
  }

  #introduce(who: number, subject: Recordable): void {
    const described = subject.describe()
    this.#write({ t: "breaker", b: who, name: subject.name, at: subject.now(), wall: subject.wallNow(), ...described })
  }

  /** A line of its own, after all calls before it. */
  #write(line: RecordedLine): void {
    this.flush()
    this.#put(line)
  }

  #put(line: RecordedLine): void {
    if (this.#isOver) return
    this.#putBytes(Buffer.from(this.#seal.line(line)))
  }

  #putBytes(bytes: Buffer): void {
    this.bytes += bytes.length
    this.#try(() => this.#file.write(bytes))
  }

  /** A full disk must not fail a call: recording ends, and is told of. */
  #try(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#end()
      this.#settings.failed(error)
    }
  }

  #end(): void {
    this.#isOver = true
    this.#cancel?.()
    for (const recorded of this.#recorded.values()) this.#release(recorded)
    this.#recorded.clear()
    this.#file.close()
  }

  #release({ subject, stops }: Recorded): void {
    subject.record(undefined)
    for (const stop of stops) stop()
  }

  #flushLater(): void {
    this.#cancel ??= this.#settings.after(flushEveryMs, () => this.flush())
  }

  #asked(b: number, serial: number, judged: Exclude<Judged, OutcomeKind>, at: number): void {
    const { kind, trip, retryAfterMs, quota, unsent } = judged
    const more = { ...(kind === "failure" ? {} : { kind }), ...(quota && { quota }), ...(unsent && { unsent }) }
    this.#write({ t: "asked", b, at, serial, trip, retryAfterMs, ...more })
  }

  #factsId(facts: Facts): number {
    const all = facts as { readonly [name: string]: unknown }
    const told = this.#settings.factNames.flatMap((name) =>
      all[name] === undefined ? [] : [[name, all[name]] as const],
    )
    const text = JSON.stringify(told)
    const known = this.#facts.get(text)
    if (known !== undefined) return known
    if (this.#facts.size >= mostFacts) return 0
    const id = this.#facts.size + 1
    this.#facts.set(text, id)
    const hidden = told.map(([name, value]) => [name, isPersonal(name, value) ? this.#redact(value) : value])
    this.#put({ t: "facts", id, facts: Object.fromEntries(hidden) })
    return id
  }
}
