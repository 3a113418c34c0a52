import { createJsonLines } from "./jsonLines.ts"
import { createLines } from "./lines.ts"
import type { DemoOptions } from "./options.ts"
import { foldingRounds } from "./rounds.ts"
import { runForward } from "./runForward.ts"
import { runIncident } from "./runIncident.ts"
import { createScreen } from "./screen.ts"
import { createStopSignals, endAtOnce, stopWhenUnread } from "./stopSignals.ts"
import type { View } from "./view.ts"

/** Runs the demo in this process and resolves when all it opened is closed. */
export async function demo(options: DemoOptions): Promise<void> {
  const stops = createStopSignals(endAtOnce)
  stopWhenUnread(stops.stop)
  const view = viewFor(options)
  try {
    const summary = options.to
      ? await runForward(options, options.to, view, stops.signal)
      : await runIncident(options, view, stops.signal)
    view.close()
    view.summary(summary)
  } finally {
    view.close()
    stops.forget()
  }
}

function viewFor(options: DemoOptions): View {
  const out = process.stdout
  const write = (text: string) => void out.write(text)
  if (options.json) return createJsonLines(write)
  if (!out.isTTY || process.env.TERM === "dumb") return foldingRounds(createLines(write))
  const size = () => ({ columns: out.columns || 80, rows: out.rows || 24 })
  return foldingRounds(createScreen({ write, size }, options.color && !process.env.NO_COLOR))
}
