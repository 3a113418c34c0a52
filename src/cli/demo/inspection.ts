import { startInspector } from "../../inspector.ts"
import { startRecorder } from "../../recording.ts"
import type { Closers } from "./closers.ts"
import type { DemoOptions } from "./options.ts"

/** Lets people see the breakers while they run, and afterwards; answers the address of the page. */
export async function openInspection(
  { inspect, record }: DemoOptions,
  control: boolean,
  closers: Closers,
): Promise<string | undefined> {
  if (record !== undefined) {
    const recorder = startRecorder({ file: record })
    closers.add(() => recorder.stop())
  }
  if (inspect !== true) return undefined
  const inspector = await startInspector({ control, title: "recloser demo" })
  closers.add(() => inspector.stop())
  return inspector.url
}
