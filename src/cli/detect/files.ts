/** Opens what is read and what is written, and says in plain words why it cannot. */
import { createReadStream, createWriteStream } from "node:fs"
import { open, stat } from "node:fs/promises"
import type { Readable, Writable } from "node:stream"
import { whyNot } from "../whyNot.ts"
import { STANDARD } from "./options.ts"

/** The run cannot begin, or go on, and this is why. */
export class CannotDetect extends Error {
  override readonly name = "CannotDetect"
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
