/** Saved states in files: whole, or as they were before. */
import { randomBytes } from "node:crypto"
import { type FileHandle, open, readdir, readFile, readlink, realpath, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { parseBounded } from "../machines/boundedJson.ts"
import { describeError } from "../machines/options.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import { invalid } from "./knownOptions.ts"

/** What `save()` returns: of one breaker, or of many. */
export type SavedState = SavedBreaker | readonly SavedBreaker[]

/** What a writer that was killed left behind is younger than this while it may still be at work. */
const abandonedMs = 60_000

/** The last write of each file: they are made in the order in which they were asked for. */
const lastWrites = new Map<string, Promise<void>>()

function pathOf(file: unknown): string {
  if (typeof file !== "string" || file === "") throw invalid("file", file, "must be the path of a file")
  return resolve(file)
}

const draftOf = (path: string): string => `${path}.${randomBytes(6).toString("hex")}.tmp`

async function closing<T>(handle: FileHandle, run: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await run(handle)
  } finally {
    await handle.close()
  }
}

/** A name is on the disk when its folder is. Hosts that cannot open folders write them as they see fit. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path)).catch(() => undefined)
  if (folder !== undefined) await closing(folder, (handle) => handle.sync().catch(() => {}))
}

/** Removes drafts of writers that were killed; by the file system's own time, which no wall clock of ours has to agree with. */
async function sweep(path: string, now: number): Promise<void> {
  const isDraft = (name: string) => name.startsWith(`${basename(path)}.`) && /\.[0-9a-f]{12}\.tmp$/.test(name)
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names.filter(isDraft)) {
    const draft = join(dirname(path), name)
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: now }))
    if (now - mtimeMs > abandonedMs) await rm(draft, { force: true }).catch(() => {})
  }
}

/** Where a file is that may be a link, also one to what is not there yet: the link itself must not give way to a file. */
async function placeOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error
    const next = await readlink(path).catch(() => undefined)
    return next === undefined ? path : placeOf(resolve(dirname(path), next))
  }
}

async function write(file: string, text: string): Promise<void> {
  const path = await placeOf(file)
  const draft = draftOf(path)
  try {
    // It names services and may name customers: nobody else's business.
    const writtenAt = await closing(await open(draft, "wx", 0o600), async (handle) => {
      await handle.writeFile(text)
      await handle.sync()
      return (await handle.stat()).mtimeMs
    })
    await rename(draft, path)
    await syncFolder(path)
    await sweep(path, writtenAt)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
}

/**
 * Writes what `save()` returned to a file: to a new one beside it, which takes its place when it is on the disk. Whoever reads the file,
 * after a crash or `kill -9` at whatever instant, finds this state or the one before, never a part of one. Writes of one process to one
 * file follow each other in the order of their calls, each with the state as it was when it was called. Files can be read by their owner
 * alone; a link stays a link, and what it leads to is written. Rejects with the file system's own error, and leaves the old file as it was.
 * Does not make folders.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { readSavedState, writeSavedState } from "recloser/inspect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import assert from "node:assert/strict"
 *
 * const file = join(mkdtempSync(join(tmpdir(), "recloser-")), "payments.json")
 * const payments = createBreaker("payments", {}, { restore: await readSavedState(file) })
 * payments.forceOpen("maintenance")
 * await payments.stop()
 * await writeSavedState(file, payments.save())
 *
 * const again = createBreaker("payments", {}, { restore: await readSavedState(file) })
 * assert.equal(again.mode, "forcedOpen")
 * await again.stop()
 */
export async function writeSavedState(file: string, saved: SavedState): Promise<void> {
  const path = pathOf(file)
  const text = JSON.stringify(saved)
  if (text === undefined) throw invalid("saved", saved, "must be what save() returned")
  const before = lastWrites.get(path)
  const written = (before ?? Promise.resolve()).catch(() => {}).then(() => write(path, text))
  lastWrites.set(path, written)
  try {
    await written
  } finally {
    if (lastWrites.get(path) === written) lastWrites.delete(path)
  }
}

/** What a file holds. Throws `InvalidConfig`. */
export function stateIn(text: string, path: string): unknown {
  try {
    return parseBounded(text)
  } catch (error) {
    throw invalid("file", path, `must hold what writeSavedState wrote: ${describeError(error)}`)
  }
}

/** A pipe would be waited for until somebody wrote into it, and a device may have no end. */
async function textOf(path: string): Promise<string> {
  const found = await stat(path)
  if (!found.isFile() && !found.isDirectory()) throw invalid("file", path, "must be a regular file")
  return readFile(path, "utf8")
}

/**
 * Reads what `writeSavedState` wrote, for `restore`; `undefined` where there is no such file, as at the first start. Rejects with
 * `InvalidConfig` when the file holds no JSON or is no regular file, and with the file system's own error when it cannot be read. Whether it is the saved
 * state of this breaker is checked by who is given it.
 */
export async function readSavedState<State extends SavedState = SavedBreaker>(
  file: string,
): Promise<State | undefined> {
  const path = pathOf(file)
  const text = await textOf(path).catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined
    throw error
  })
  if (text === undefined) return undefined
  return stateIn(text, path) as State
}
