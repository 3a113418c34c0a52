/** Recording the breakers of this process. */
import { InvalidConfig, show } from "../machines/options.ts"
import type { FurtherFacts } from "../machines/vocabulary/facts.ts"
import type { Assembly } from "./assemble.ts"
import { type Clock, systemClock } from "./Clock.ts"
import { factNames as told } from "./callFacts.ts"
import { GroupFilm } from "./film.ts"
import { GivenNames, isGroup } from "./givenNames.ts"
import { refuseNoClock, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import { libraryVersion } from "./libraryVersion.ts"
import { FileRecorder, type RecorderSettings } from "./observability/recording/recorder.ts"
import { type Group, roster } from "./roster.ts"
import { Subject } from "./subject.ts"

export interface RecorderOptions {
  /** Where it is written. An older file of the name becomes `….1`, and so on up to `files`. */
  readonly file: string
  /** About how long one file may become, in bytes. Default: 16 MiB, some million calls. */
  readonly maxBytes?: number | undefined
  /** How many files are kept. Default: 4. */
  readonly files?: number | undefined
  /** Which breakers are recorded, by name, or by the key that `createBreakers` knows them by. Default: all. */
  readonly breakers?: ((name: string) => boolean) | undefined
  /**
   * What stands for a text that says who somebody is, at most 200 characters: the key or tenant of a call, the key of a breaker, also where
   * another depends on that, the name of a feature, the id and address of an endpoint. Default: for what callers give, keys and tenants, a
   * mark that is the same for the same text within one recording, and says nothing else; features and endpoints keep their names.
   * `(text) => text` keeps all readable. Logins and queries of addresses are never written.
   */
  readonly redact?: ((text: string) => string) | undefined
  /** Where the recorder gets its time from. Default: the process's clock. */
  readonly clock?: Clock | undefined
  /** Hears that the disk refused; recording has ended then, and calls go on. Default: a process warning. */
  readonly failed?: ((error: unknown) => void) | undefined
}

export interface Recorder {
  /** False when it was stopped, or when the disk refused. */
  readonly isRecording: boolean
  /** Bytes written so far. */
  readonly bytes: number
  /** Writes what has not been written yet: otherwise that happens every quarter of a second. */
  flush(): void
  stop(): void
  [Symbol.dispose](): void
}

/** What callers say of a call, and where a further attempt of it has been. */
const factNames: readonly string[] = [...told, "tried" satisfies keyof FurtherFacts]

const names = ["file", "maxBytes", "files", "breakers", "redact", "clock", "failed"]

function wholeBetween(value: unknown, least: number, most: number, path: string): void {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return
  throw new InvalidConfig([{ path, value: show(value), rule: `must be a whole number from ${least} to ${most}` }])
}

function readOptions(options: RecorderOptions): Omit<RecorderSettings, "isOwn"> {
  refuseStrangers(options, names)
  const { file, maxBytes = 16 * 2 ** 20, files = 4, redact, clock = systemClock, failed } = options
  if (typeof file !== "string" || file === "") {
    throw new InvalidConfig([{ path: "options.file", value: show(file), rule: "must be the path of a file" }])
  }
  wholeBetween(maxBytes, 2 ** 16, 2 ** 30, "options.maxBytes")
  wholeBetween(files, 1, 1000, "options.files")
  for (const name of ["breakers", "redact", "failed"] as const) refuseNoFunction(options[name], `options.${name}`)
  refuseNoClock(clock)
  const after = (delayMs: number, run: () => void) => {
    const timer = clock.arm(delayMs, run, false)
    return () => timer.disarm()
  }
  const warn = (error: unknown) => process.emitWarning(`recording to ${file} has ended: ${String(error)}`, "recloser")
  const library = libraryVersion()
  const wallNow = () => clock.wallNow()
  return { file, maxBytes, files, redact, factNames, library, after, wallNow, failed: failed ?? warn }
}

/**
 * Records every call and every decision of the breakers of this process, those that come later included, so that what happened can be
 * played again: `recloser replay FILE`. Of breakers made by `createBreakers` up to 10 000 are recorded at once; a mark stands for the key
 * of each. A breaker is recorded by one recorder at a time: a later one leaves it to the first, with a process warning. Until it is started, and after it has been stopped, calls pay nothing for it. Throws `InvalidConfig`, and what the file system throws when the file cannot be made.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { startRecorder } from "recloser/inspect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import assert from "node:assert/strict"
 *
 * const recorder = startRecorder({ file: join(mkdtempSync(join(tmpdir(), "incident-")), "payments.ndjson") })
 * const payments = createBreaker("payments")
 * await payments.execute(async () => "paid")
 * recorder.stop()
 * assert(recorder.bytes > 500)
 * await payments.stop()
 */
export function startRecorder(options: RecorderOptions): Recorder {
  const settings = readOptions(options)
  const { breakers: isWanted = () => true } = options
  const watched = new Map<number, () => void>()
  let names: GivenNames | undefined
  let forget = () => {}
  const release = () => {
    forget()
    names?.stop()
    for (const leave of watched.values()) leave()
    watched.clear()
  }
  const failed = (error: unknown) => {
    release()
    settings.failed(error)
  }
  const recorder = new FileRecorder({
    ...settings,
    failed,
    isOwn: (name, isSaid) => names?.isOwn(name, isSaid) === true,
  })
  names = new GivenNames()
  let isTold = false
  const taken = () => {
    if (!isTold) process.emitWarning(`${settings.file} lacks what another recorder records already`, "recloser")
    isTold = true
  }
  forget = roster.watch({
    entered: (id, living) => {
      if (recorder.isOver) return
      if (isGroup(living)) watched.set(id, filmed(recorder, living, isWanted, taken))
      else if (!isWanted(living.name)) return
      else if (living.plane.tape !== undefined) taken()
      else watched.set(id, taped(recorder, id, living))
    },
    left: (id) => {
      watched.get(id)?.()
      watched.delete(id)
      recorder.remove(id)
    },
  })
  const stop = () => {
    release()
    recorder.stop()
  }
  return {
    get isRecording() {
      return !recorder.isOver
    },
    get bytes() {
      return recorder.bytes
    },
    flush: () => recorder.flush(),
    stop,
    [Symbol.dispose]: stop,
  }
}

type IsWanted = (name: string) => boolean

function filmed(recorder: FileRecorder, group: Group, isWanted: IsWanted, taken: () => void): () => void {
  const film = new GroupFilm(recorder, group, isWanted, taken)
  return () => film.end()
}

function taped(recorder: FileRecorder, id: number, assembly: Assembly): () => void {
  const subject = new Subject(assembly)
  const track = recorder.add(id, subject)
  const stops = [
    subject.onTransition(({ type: _type, ...moved }) => track.moved(moved)),
    subject.onHeard((event) => track.heard(event)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
