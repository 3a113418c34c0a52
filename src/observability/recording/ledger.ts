/** The lines of a recording on their way into its file: each is sealed in its turn, and what is short waits for what is long. */
import type { RotatingFile } from "./files.ts"
import { type RecordedLine, Seal } from "./format.ts"

/** So many bytes wait at most. */
const mostWaiting = 2 ** 16

export class Ledger {
  readonly #file: RotatingFile
  #seal = new Seal()
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #written = 0

  constructor(file: RotatingFile) {
    this.#file = file
  }

  /** Bytes of the present file, and of all. */
  get size(): number {
    return this.#file.size + this.#waitingBytes
  }
  get bytes(): number {
    return this.#written + this.#waitingBytes
  }

  /** A new file. Throws what the file system throws, as all that writes does. */
  begin(): void {
    this.#file.begin()
    this.#seal = new Seal()
  }

  put(line: RecordedLine): void {
    const bytes = Buffer.from(this.#seal.line(line))
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes >= mostWaiting) this.write()
  }

  /** Writes what waits, and the line that these parts are of. */
  write(parts?: readonly string[]): void {
    if (this.#waitingBytes > 0) {
      const bytes = Buffer.concat(this.#waiting)
      this.#waiting = []
      this.#waitingBytes = 0
      this.#toFile(bytes)
    }
    if (parts !== undefined) this.#toFile(this.#seal.bytes(...parts))
  }

  close(): void {
    this.#file.close()
  }

  #toFile(bytes: Buffer): void {
    this.#written += bytes.length
    this.#file.write(bytes)
  }
}
