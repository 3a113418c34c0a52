import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { constants } from "node:os"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"

export interface ProgramOptions {
  readonly port: number
  readonly control: boolean
  /** The file in which the breakers are recorded. */
  readonly record: string | undefined
}

/** The library that the program itself uses, so that its breakers are found; ours, where it has none of its own. */
export function doorFor(program: string): string {
  try {
    const found = createRequire(resolve(program)).resolve("recloser/inspect")
    if (existsSync(found)) return pathToFileURL(found).href
  } catch {
    // Said by what follows.
  }
  const own = import.meta.url.endsWith(".ts") ? "../../inspect.ts" : "./inspect.js"
  return new URL(own, import.meta.url).href
}

/** What is run before the program: it has not made a breaker yet. */
export function preload(door: string, { port, control, record }: ProgramOptions, title: string): string {
  const code = [
    `import { startInspector, startRecorder } from ${JSON.stringify(door)}`,
    `const { url } = await startInspector(${JSON.stringify({ port, control, title })})`,
    'console.error("inspector: " + url)',
    ...(record === undefined
      ? []
      : [
          `const recorder = startRecorder({ file: ${JSON.stringify(record)} })`,
          'process.once("exit", () => recorder.stop())',
          // A signal that the program does not heed ends it before it could say so: the recording is closed first.
          'for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {',
          "  const end = () => {",
          "    if (process.listenerCount(signal) > 1) return",
          "    recorder.stop()",
          "    process.off(signal, end)",
          "    process.kill(process.pid, signal)",
          "  }",
          "  process.on(signal, end)",
          "}",
        ]),
  ]
  return `data:text/javascript,${encodeURIComponent(code.join("\n"))}`
}

/** Runs a program of the user's with the inspector in it; resolves to its exit code. */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<number> {
  const before = preload(doorFor(program), options, program)
  const child = spawn(process.execPath, ["--import", before, program, ...args], { stdio: "inherit" })
  const pass = (signal: NodeJS.Signals) => child.kill(signal)
  process.on("SIGTERM", pass)
  // A terminal tells the program itself; whoever started it waits for its end.
  process.on("SIGINT", () => {})
  return new Promise((done, fail) => {
    child.once("error", fail)
    child.once("close", (code, signal) => done(code ?? 128 + constants.signals[signal ?? "SIGTERM"]))
  })
}
