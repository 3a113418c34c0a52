import { emitKeypressEvents } from "node:readline"
import type { Played } from "../../testing/replay/play.ts"
import { momentLine, standLines, widthOf } from "./words.ts"

const CLEAR = "\x1b[2J\x1b[H"
const ENTER = "\x1b[?1049h\x1b[?25l"
const LEAVE = "\x1b[?25h\x1b[?1049l"

/** How far a key leads; to the ends are steps longer than any recording. */
export const steps: { readonly [key: string]: number | undefined } = {
  ...{ right: 1, down: 1, space: 1, n: 1, l: 1, j: 1 },
  ...{ left: -1, up: -1, backspace: -1, p: -1, h: -1, k: -1 },
  ...{ pagedown: 10, pageup: -10, home: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY },
}

export const stepTo = (at: number, step: number, last: number): number => Math.max(0, Math.min(last, at + step))

/** One picture: the moments around the present one, and how its breaker stands then. */
export function stepPicture({ moments }: Played, at: number, rows: number, columns: number): string {
  const width = widthOf(moments)
  const room = Math.max(1, rows - 7)
  const from = Math.max(0, Math.min(at - (room >> 1), moments.length - room))
  const lines = moments.slice(from, from + room).map((moment, index) => {
    const mark = from + index === at ? "▶ " : "  "
    return (mark + momentLine(moment, width)).slice(0, columns - 1)
  })
  const now = moments[at]
  const stand = now === undefined ? [] : standLines(now).map((line) => ` ${line}`.slice(0, columns - 1))
  const title = ` moment ${at + 1} of ${moments.length}, UTC   ← → step, PgUp PgDn ten, Home End, q leaves`
  return [title.slice(0, columns - 1), "", ...lines, "", ...stand].join("\r\n")
}

/** Lets a person step through it, forwards and backwards, until they leave. */
export async function stepThrough(played: Played): Promise<void> {
  const { stdin, stdout } = process
  const last = played.moments.length - 1
  let at = 0
  const show = () => stdout.write(CLEAR + stepPicture(played, at, stdout.rows || 24, stdout.columns || 80))
  stdout.write(ENTER)
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  try {
    await new Promise<void>((resolve) => {
      stdin.on("keypress", (_text, key: { readonly name?: string; readonly ctrl?: boolean }) => {
        if (key.name === "q" || key.name === "escape" || (key.ctrl && key.name === "c")) return resolve()
        at = stepTo(at, steps[key.name ?? ""] ?? 0, last)
        show()
      })
      stdout.on("resize", show)
      show()
    })
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write(LEAVE)
  }
}
