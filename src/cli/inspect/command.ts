import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs"
import { createStopSignals, endAtOnce } from "../demo/stopSignals.ts"
import { untilStopped } from "../demo/watch.ts"
import { recordingIn } from "../replay/command.ts"
import { whyNot } from "../whyNot.ts"
import { type ProgramOptions, runProgram } from "./program.ts"
import { serveRecording } from "./recorded.ts"

export interface InspectOptions extends ProgramOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly partial: boolean
}

/** How every recording begins. */
const beginning = '{"t":"recloser"'

export function isRecording(file: string): boolean {
  const found = statSync(file)
  // A pipe would be waited for, and what is taken from it to look at is gone.
  if (!found.isFile() && !found.isDirectory()) throw new Error("it is no regular file")
  const descriptor = openSync(file, "r")
  try {
    const bytes = Buffer.alloc(beginning.length)
    readSync(descriptor, bytes, 0, bytes.length, 0)
    return bytes.toString() === beginning || file.endsWith(".ndjson")
  } finally {
    closeSync(descriptor)
  }
}

/** Whether it is a recording, if it can be read at all. */
function isRecordingIn(file: string, refuse: (why: string) => never): boolean {
  try {
    return isRecording(file)
  } catch (error) {
    return refuse(`${file} cannot be read: ${whyNot(error)}`)
  }
}

/** Shows a recording, or a program while it runs. `refuse` ends the command: what was asked cannot be used. */
export async function inspect(options: InspectOptions, refuse: (why: string) => never): Promise<void> {
  const { file, args } = options
  if (!existsSync(file)) return refuse(`${file}: there is no such file; name a recording, or a program to run`)
  if (!isRecordingIn(file, refuse)) {
    process.exitCode = await runProgram(file, args, options)
    return
  }
  await show(options, refuse)
}

/** Until it is stopped. */
export async function show(
  { file, partial, port }: Pick<InspectOptions, "file" | "partial" | "port">,
  refuse: (why: string) => never,
) {
  const stops = createStopSignals(endAtOnce)
  const server = await serveRecording(recordingIn({ file, partial }, refuse), port)
  process.stdout.write(`inspector: ${server.url}\n`)
  await untilStopped(undefined, stops.signal)
  await server.stop()
  stops.forget()
}
