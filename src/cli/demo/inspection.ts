import { startInspector } from "../../inspector.ts"
import { type Recorder, startRecorder } from "../../recording.ts"
import { whyNot } from "../whyNot.ts"
import type { Closers } from "./closers.ts"
import type { DemoOptions } from "./options.ts"

class CannotRecord extends Error {
  override readonly name = "CannotRecord"
}

function recorderInto(file: string): Recorder {
  try {
    return startRecorder({ file })
  } catch (error) {
    throw new CannotRecord(`--record ${file} cannot be written: ${whyNot(error)}`)
  }
}

/** Lets people see the breakers while they run, and afterwards; answers the address of the page. */
export async function openInspection(
  { inspect, record }: DemoOptions,
  control: boolean,
  closers: Closers,
): Promise<string | undefined> {
  if (record !== undefined) {
    const recorder = recorderInto(record)
    closers.add(() => recorder.stop())
  }
  if (inspect !== true) return undefined
  const inspector = await startInspector({ control, title: "recloser demo" })
  closers.add(() => inspector.stop())
  return inspector.url
}
