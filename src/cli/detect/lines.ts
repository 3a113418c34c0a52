/** Lines of a stream of text, with their numbers, in constant memory. */

export interface Line {
  readonly text: string
  /** From 1. */
  readonly number: number
}

/** A longer line is no row of numbers. */
export const longestLine = 65_536

/** A line that is too long to be a row; nothing after it can be trusted. */
export class LineTooLong extends Error {
  constructor(number: number) {
    super(`line ${number} is longer than ${longestLine} characters: this is no CSV of timestamps and values`)
  }
}

const withoutReturn = (text: string): string => (text.endsWith("\r") ? text.slice(0, -1) : text)

/** A byte order mark, which some programs write before the first line, is no part of it. */
const withoutMark = (text: string): string => (text.startsWith("\uFEFF") ? text.slice(1) : text)

/** Splits at line feeds, with or without a carriage return before them. The last line may end without. Throws `LineTooLong`. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<Line> {
  let rest = ""
  let number = 0
  const line = (text: string): Line => ({
    text: withoutReturn(number === 0 ? withoutMark(text) : text),
    number: ++number,
  })
  for await (const chunk of chunks) {
    const texts = (rest + chunk).split("\n")
    rest = texts.pop() ?? ""
    for (const text of texts) yield line(text)
    if (rest.length > longestLine) throw new LineTooLong(number + 1)
  }
  if (rest !== "") yield line(rest)
}
