/** The recorder: writes what happens to the breakers of a process into a bounded file, at about a hundred nanoseconds a call. */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { Judged, OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import { RotatingFile } from "./files.ts"
import { type BreakerLine, formatVersion, type RecordedLine, type RecordedPart } from "./format.ts"
import { Ledger } from "./ledger.ts"
import { RecordedNames } from "./redaction.ts"
import { Reel } from "./reel.ts"
import { ReelTape } from "./reelTape.ts"
import { type Recordable, Track } from "./track.ts"

export interface RecorderSettings {
  readonly file: string
  readonly maxBytes: number
  readonly files: number
  readonly library: string
  /** The options that say something of a call. */
  readonly factNames: readonly string[]
  /** What stands for a text that callers gave, such as a key. */
  readonly redact: ((text: string) => string) | undefined
  /** Whether the program itself has chosen the name of a breaker; `isSaid`: a config says it that is made for no key. */
  isOwn(name: string, isSaid: boolean): boolean
  wallNow(): number
  /** Calls back after so many milliseconds, without keeping the process alive; answers how to call it off. */
  after(delayMs: number, run: () => void): () => void
  /** The disk refused, and recording has ended. */
  failed(error: unknown): void
}

const flushEveryMs = 250
/** Distinct facts that are remembered; those beyond are recorded as nothing. */
const mostFacts = 10_000
/** Breakers that are recorded at once; those by key beyond are left out. */
const mostTracks = 10_000

export class FileRecorder {
  readonly #settings: RecorderSettings
  readonly #redaction: RecordedNames
  readonly #tracks = new Map<number, Track>()
  readonly #facts = new Map<string, number>()
  /** By what they are made of. */
  readonly #recipes = new Map<readonly RecordedPart[], number>()
  readonly #reel: Reel
  readonly #ledger: Ledger
  #part = 0
  #isOver = false
  #cancel: (() => void) | undefined
  /** Bytes of this file that say who is recorded. */
  #introductions = 0
  #omitted = 0

  constructor(settings: RecorderSettings) {
    this.#settings = settings
    this.#redaction = new RecordedNames(settings.redact, settings.isOwn)
    this.#ledger = new Ledger(new RotatingFile(settings.file, settings.files))
    this.#reel = new Reel(
      () => this.#flushLater(),
      () => this.flush(),
    )
    this.#begin()
  }

  get isOver(): boolean {
    return this.#isOver
  }
  /** Bytes written in all. */
  get bytes(): number {
    return this.#ledger.bytes
  }

  /** Records a breaker from now on; its track is told what calls do not tell. */
  add(who: number, subject: Recordable): Track {
    const track = this.#track(who, subject)
    if (this.#isOver) return track
    this.#introduce(track, subject.now())
    subject.record(track.tape)
    return track
  }

  /** Records one of many from its next call on; `undefined` when there is no room for it. */
  meet(who: number, subject: Recordable): Track | undefined {
    if (this.#isOver) return undefined
    if (this.#tracks.size < mostTracks) return this.#track(who, subject)
    this.#omitted++
    return undefined
  }

  #track(who: number, subject: Recordable): Track {
    const tape = new ReelTape(this.#reel, who, subject.turning, {
      factNames: this.#settings.factNames,
      factsId: (facts) => this.#factsId(subject, facts),
      asked: (serial, judged, now) => this.#asked(track, serial, judged, now),
      now: () => subject.now(),
      introduce: (now) => this.#introduce(track, now),
    })
    const track = new Track(who, subject, tape, this)
    if (!this.#isOver) this.#tracks.set(who, track)
    return track
  }

  remove(who: number): void {
    const track = this.#tracks.get(who)
    if (track === undefined) return
    this.#tracks.delete(who)
    track.subject.record(undefined)
    if (!this.#isOver) this.write(track, { t: "gone", b: who, at: track.subject.now() })
  }

  /** One of many is forgotten. */
  leave(track: Track): void {
    this.#tracks.delete(track.who)
    if (!this.#isOver) track.tape.rests(true, track.subject.now())
  }

  /** Writes what is on the reel, and what waits for it. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#isOver) return void this.#reel.take()
    const { isEmpty } = this.#reel
    this.#try(() => this.#ledger.write(isEmpty ? undefined : this.#reel.take()))
    // A file of many breakers says who they are before anything else, and must not be full of that alone.
    if (this.#ledger.size >= Math.max(this.#settings.maxBytes, 2 * this.#introductions)) this.#rotate()
  }

  /** A line of its own, after all calls before it. */
  write(track: Track, line: RecordedLine): void {
    if (!this.#reel.isEmpty) this.flush()
    if (!track.isIntroduced) this.#introduce(track, track.subject.now())
    this.#put(this.#redaction.line(line, track.subject.isOneOfMany))
  }

  stop(): void {
    if (this.#isOver) return
    this.flush()
    this.#put(this.#endLine("stopped"))
    this.#try(() => this.#ledger.write())
    this.#end()
  }

  #begin(): void {
    this.#ledger.begin()
    this.#part++
    this.#facts.clear()
    this.#recipes.clear()
    this.#redaction.forget()
    this.#introductions = 0
    const { library } = this.#settings
    const startedAt = this.#settings.wallNow()
    this.#put({ t: "recloser", format: formatVersion, library, startedAt, part: this.#part })
  }

  #endLine(why: "stopped" | "rotated"): RecordedLine {
    return { t: "end", at: this.#settings.wallNow(), why, ...(this.#omitted > 0 && { omitted: this.#omitted }) }
  }

  /** A file is complete in itself: the next one says anew who is recorded, and what they know; of many, when they are told of again. */
  #rotate(): void {
    this.#put(this.#endLine("rotated"))
    this.#try(() => {
      this.#ledger.write()
      this.#begin()
    })
    for (const track of this.#tracks.values()) {
      track.forget()
      if (!track.subject.isOneOfMany) this.#introduce(track, track.subject.now())
    }
  }

  #introduce(track: Track, at: number): void {
    if (this.#isOver) return
    if (track.wasIntroduced) this.flush() // What it was before comes first; that may begin another file.
    const { who, subject } = track
    const { parts, saved, told, member, ...described } = subject.describe()
    const hidden = member === undefined ? subject.name : this.#redaction.hide(subject.name)
    const before = this.#ledger.size
    const bucketOf = (key: string) => subject.bucketOf(key)
    const known = saved === undefined ? {} : { saved: this.#redaction.saved(saved, hidden, bucketOf) }
    const made =
      member === undefined
        ? { parts: this.#redaction.parts(parts, false) }
        : { recipe: this.#recipeId(parts), member: this.#redaction.owed(member, bucketOf) }
    const heard = told && { told: this.#redaction.told(told) }
    const begun = { t: "breaker", b: who, name: hidden, at, wall: subject.wallNow() } as const
    this.#put({ ...begun, ...described, ...heard, ...made, ...known } as BreakerLine)
    this.#introductions += this.#ledger.size - before
    track.introduced()
  }

  #recipeId(parts: readonly RecordedPart[]): number {
    const known = this.#recipes.get(parts)
    if (known !== undefined) return known
    const r = this.#recipes.size + 1
    this.#recipes.set(parts, r)
    this.#put({ t: "recipe", r, parts: this.#redaction.parts(parts, true) })
    return r
  }

  #put(line: RecordedLine): void {
    if (this.#isOver) return
    this.#try(() => this.#ledger.put(line))
    this.#flushLater()
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
    for (const { subject } of this.#tracks.values()) subject.record(undefined)
    this.#tracks.clear()
    this.#ledger.close()
  }

  #flushLater(): void {
    if (this.#isOver) return
    this.#cancel ??= this.#settings.after(flushEveryMs, () => this.flush())
  }

  #asked(track: Track, serial: number, judged: Exclude<Judged, OutcomeKind>, at: number): void {
    const { kind, trip, retryAfterMs, quota, unsent } = judged
    const more = { ...(kind === "failure" ? {} : { kind }), ...(quota && { quota }), ...(unsent && { unsent }) }
    this.write(track, { t: "asked", b: track.who, at, serial, trip, retryAfterMs, ...more })
  }

  #factsId(subject: Recordable, facts: Facts): number {
    const all = facts as { readonly [name: string]: unknown }
    const bucket = facts.key === undefined ? undefined : subject.bucketOf(facts.key)
    const said = this.#settings.factNames.flatMap((name) =>
      all[name] === undefined ? [] : [[name, all[name]] as const],
    )
    const told = bucket === undefined ? said : [...said, ["bucket", bucket] as const]
    const text = JSON.stringify(told)
    const known = this.#facts.get(text)
    if (known !== undefined) return known
    if (this.#facts.size >= mostFacts) return 0
    const id = this.#facts.size + 1
    this.#facts.set(text, id)
    this.#put({ t: "facts", id, facts: this.#redaction.facts(told) })
    return id
  }
}
