import { reachedIn, type View } from "./view.ts"

/** JSON has no infinity: what never happened says so, and what could not be measured is null. */
const told = (_key: string, value: unknown): unknown => (value === Number.POSITIVE_INFINITY ? "never" : value)

/** One JSON object a line, the last one the summary. */
export function createJsonLines(write: (text: string) => void): View {
  const line = (value: object) => write(`${JSON.stringify(value, told)}\n`)
  return {
    open: (opening) => line({ type: "start", ...opening }),
    running: () => {},
    world: (world) => line({ type: "world", ...world }),
    close: ({ worlds, asked, interrupted }) =>
      line({ type: "summary", interrupted, worlds: worlds.length, asked, goals: reachedIn(worlds) }),
  }
}
