import type { Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { whyNot } from "../whyNot.ts"
import { CannotDetect, openInput, openOutput } from "./files.ts"
import { LineTooLong, linesOf } from "./lines.ts"
import { type DetectOptions, STANDARD } from "./options.ts"
import { header, scored } from "./scored.ts"
import { type Fault, Warnings } from "./warnings.ts"

const say = (text: string): void => void process.stderr.write(`recloser: ${text}\n`)

/** Scores a CSV of timestamps and values, row by row, in constant memory. Throws `CannotDetect`. */
export async function detect({ input, output, strict }: DetectOptions): Promise<void> {
  const source = await openInput(input)
  const warnings = new Warnings(say)
  const warn = (fault: Fault, line: number, problem: string): void => {
    if (strict) throw new CannotDetect(`--input ${input}, line ${line}: ${problem}`)
    warnings.add(fault, line, problem)
  }
  try {
    const rows = scored(linesOf(source), input, warn)
    const first = await rows.next()
    if (first.done) throw new CannotDetect(`--input ${input} holds no row that could be scored`)
    await write(first.value, rows, await openOutput(output, input), output)
  } catch (error) {
    throw inWords(error, input)
  } finally {
    source.destroy()
    warnings.conclude()
  }
}

/** Rows are written in pieces: a write for each would take longer than all the rest. */
const pieceLength = 16_384

async function* pieces(first: string, rows: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = header + first
  for await (const row of rows) {
    piece += row
    if (piece.length < pieceLength) continue
    yield piece
    piece = ""
  }
  if (piece !== "") yield piece
}

async function write(first: string, rows: AsyncIterable<string>, target: Writable, output: string): Promise<void> {
  try {
    await pipeline(pieces(first, rows), target, { end: output !== STANDARD })
  } catch (error) {
    const { code, syscall } = error as { readonly code?: string; readonly syscall?: string }
    // Nobody reads on: `recloser detect … | head`.
    if (code === "EPIPE" && output === STANDARD) return
    throw syscall === "write" ? new CannotDetect(`--output ${output} cannot be written: ${whyNot(error)}`) : error
  }
}

function inWords(error: unknown, input: string): unknown {
  if (error instanceof LineTooLong) return new CannotDetect(`--input ${input}, ${error.message}`)
  const { syscall } = (error ?? {}) as { readonly syscall?: string }
  return syscall === "read" ? new CannotDetect(`--input ${input} cannot be read: ${whyNot(error)}`) : error
}
