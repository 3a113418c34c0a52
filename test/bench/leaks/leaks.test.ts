/** What is left of breakers of every kind when they have stopped: the long form, which also measures growth, is `npm run leaks`. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const program = fileURLToPath(new URL("leaks.ts", import.meta.url))
const flags = ["--expose-gc", "--disable-warning=ExperimentalWarning"]

test("nothing is left: no handle, no timer, no listener, no fiber, no actor, no object of ours", async () => {
  const run = promisify(execFile)(process.execPath, [...flags, program, "--calls", "30000"])
  const { stdout } = await run.catch((error: { readonly stdout: string }) => error)
  expect(stdout).toMatch(/left when all have stopped: nothing \(\d\d classes looked for\)/)
}, 120_000)
