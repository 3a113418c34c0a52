import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the command as users do, as a process of its own. */
export function start(...args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, NO_COLOR: "" } })
}

/** Starts a piece of code in a process of its own. */
export function startCode(code: string): ChildProcessWithoutNullStreams {
  const cwd = fileURLToPath(new URL("../../", import.meta.url))
  return spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], { cwd })
}

/** Everything a process wrote, once it has ended by itself. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const [code] = (await once(child, "close")) as [number | null]
  return { code, stdout, stderr }
}

export function run(...args: readonly string[]): Promise<Ended> {
  return ended(start(...args))
}

/** Resolves to the first line of standard output that satisfies `wanted`. */
export function lineOf(child: ChildProcessWithoutNullStreams, wanted: (line: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout })
    lines.on("line", (line) => {
      if (wanted(line)) resolve(line)
    })
    child.once("close", () => reject(new Error("the process ended without the line")))
  })
}
