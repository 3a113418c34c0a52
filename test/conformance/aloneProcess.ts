/** What keeps a process alive can only be seen in a process of its own: this starts `aloneProgram.ts` and hears its report. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("aloneProgram.ts", import.meta.url))

export interface Alone {
  readonly circuit: string
  /** The kinds of handles that would keep the process alive when it has no more to do. */
  readonly heldBy: readonly string[]
}

/** A process that says that nothing holds it must also end: this waits for its end. */
export function endsByItself(key: string): Promise<Alone> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, key], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 30_000,
  })
  let out = ""
  child.stdout.on("data", (data) => {
    out += String(data)
  })
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(out) as Alone)
      else reject(new Error(`${key} alone ended with ${code}`))
    })
  })
}
