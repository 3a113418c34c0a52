/** Opens what is read and what is written, and says in plain words why it cannot. */
import { createReadStream, createWriteStream } from "node:fs"
import { open, stat } from "node:fs/promises"
import type { Readable, Writable } from "node:stream"
import { STANDARD } from "./options.ts"

/** The run cannot begin, or go on, and this is why. */
export class CannotDetect extends Error {
  override readonly name = "CannotDetect"
}

const reasons: { readonly [code: string]: string } = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
}

export function whyNot(error: unknown): string {
  const { code = "", message = String(error) } = (error ?? {}) as { readonly code?: string; readonly message?: string }
  return reasons[code] ?? message
}

/** What is read, as text. Throws `CannotDetect`. */
export async function openInput(path: string): Promise<Readable> {
  if (path === STANDARD) return process.stdin.setEncoding("utf8")
  try {
    const handle = await open(path, "r")
    if ((await handle.stat()).isDirectory()) {
      await handle.close()
      throw Object.assign(new Error(), { code: "EISDIR" })
    }
    return createReadStream("", { fd: handle, encoding: "utf8" })
  } catch (error) {
    throw new CannotDetect(`--input ${path} cannot be read: ${whyNot(error)}`)
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  if (one === STANDARD || other === STANDARD) return false
  try {
    const [a, b] = await Promise.all([stat(one), stat(other)])
    return a.isFile() && a.dev === b.dev && a.ino === b.ino
  } catch {
    return false
  }
}

/** What is written; a file that exists is written anew. Throws `CannotDetect`. */
export async function openOutput(path: string, input: string): Promise<Writable> {
  if (path === STANDARD) return process.stdout
  if (await isSame(path, input)) throw new CannotDetect(`--output ${path} is the input: scores go into another file`)
  try {
    return createWriteStream("", { fd: await open(path, "w") })
  } catch (error) {
    throw new CannotDetect(`--output ${path} cannot be written: ${whyNot(error)}`)
  }
}
