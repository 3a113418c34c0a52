/** The files of a recording: a bounded number of bounded files, the oldest of which makes room. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/** Whether there is such a file. What is none, a folder or a device, is not ours to move away: throws. */
function isThere(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile())
    throw Object.assign(new Error(`${path} is no regular file`), { code: "EEXIST", path })
  return found !== undefined
}

export class RotatingFile {
  readonly path: string
  readonly #files: number
  #descriptor: number | undefined
  /** Bytes in the present file. */
  size = 0

  constructor(path: string, files: number) {
    this.path = path
    this.#files = files
  }

  /** Begins a new file; those before it are one older now: `path.1` is the one before. */
  begin(): void {
    this.close()
    mkdirSync(dirname(this.path), { recursive: true })
    const known = Array.from({ length: this.#files }, (_, age) => isThere(this.#older(age)))
    rmSync(this.#older(this.#files - 1), { force: true })
    for (let age = this.#files - 2; age >= 0; age--) {
      if (known[age]) renameSync(this.#older(age), this.#older(age + 1))
    }
    // Calls of customers are nobody else's business.
    this.#descriptor = openSync(this.path, "wx", 0o600)
    this.size = 0
  }

  write(bytes: Buffer): void {
    if (this.#descriptor === undefined) return
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
    this.size += bytes.length
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #older(age: number): string {
    return age === 0 ? this.path : `${this.path}.${age}`
  }
}
