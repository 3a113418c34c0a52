import { type FrameInput, frame } from "./frame.ts"
import { reportText } from "./report.ts"
import type { Entry, LiveState, Opening, PhaseEntered, View } from "./view.ts"

export interface Terminal {
  write(text: string): void
  size(): { readonly columns: number; readonly rows: number }
}

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
const LEAVE = "\x1b[?25h\x1b[?1049l"
// The terminal holds the picture back until it is whole; those that do not know the sequence ignore it.
const BEGIN_FRAME = "\x1b[?2026h\x1b[H"
const END_FRAME = "\x1b[J\x1b[?2026l"
const KEPT_MOVES = 50

/** The live view: one picture, redrawn in place on the alternate screen, which leaves the user's scrollback alone. */
export function createScreen(terminal: Terminal, color: boolean): View {
  const moves: Entry[] = []
  let opening: Opening | undefined
  let phase: PhaseEntered | undefined
  let entered = false

  const keep = (entry: Entry) => {
    moves.unshift(entry)
    moves.length = Math.min(moves.length, KEPT_MOVES)
  }
  const close = () => {
    if (!entered) return
    entered = false
    terminal.write(LEAVE)
    process.off("exit", close)
  }
  const draw = (input: FrameInput) => {
    const lines = frame(input).map((line) => `${line}\x1b[K`)
    terminal.write(`${BEGIN_FRAME}${lines.join("\r\n")}${END_FRAME}`)
  }
  return {
    everyMs: 200,
    open(told) {
      opening = told
      entered = true
      // However the process ends, the cursor comes back.
      process.on("exit", close)
      terminal.write(ENTER)
    },
    phase: (now) => {
      phase = now
    },
    transition: keep,
    told: keep,
    refresh(state: LiveState) {
      if (opening && entered) draw({ opening, phase, state, moves, color, ...terminal.size() })
    },
    close,
    summary: (summary) => terminal.write(reportText(summary, [...moves].reverse())),
  }
}
