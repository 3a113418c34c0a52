import { styleText } from "node:util"

export type Style = "plain" | "bold" | "dim" | "green" | "yellow" | "red" | "cyan"

/** A piece of a line. Width is counted before colour is added, so that clipping and padding stay right. */
export interface Span {
  readonly text: string
  readonly style: Style
}

export function span(text: string, style: Style = "plain"): Span {
  return { text, style }
}

/** A cell that always leaves a gap to the next one. */
export function left(text: string, width: number, style: Style = "plain"): Span {
  return { text: text.length < width ? text.padEnd(width) : `${text.slice(0, width - 2)}… `, style }
}

export function right(text: string, width: number, style: Style = "plain"): Span {
  return { text: text.padStart(width), style }
}

/** Turns spans into a line of at most `columns` characters. */
export function render(spans: readonly Span[], columns: number, color: boolean): string {
  let room = columns
  let line = ""
  for (const { text, style } of spans) {
    const shown = text.slice(0, Math.max(0, room))
    room -= shown.length
    line += color && style !== "plain" && shown ? styleText(style, shown, { validateStream: false }) : shown
  }
  return line
}
