/**
 * What is left of breakers of every kind when they have stopped, and of each call while they live: the long form, which measures growth
 * to the megabyte in ten million calls, is `npm run leaks`.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, test } from "vitest"
import { growthOf, leastLeak } from "./growth.ts"

const program = fileURLToPath(new URL("leaks.ts", import.meta.url))
const flags = ["--expose-gc", "--disable-warning=ExperimentalWarning"]

interface Said {
  readonly stdout: string
  readonly code?: number
}
const run = (...options: readonly string[]): Promise<Said> =>
  promisify(execFile)(process.execPath, [...flags, program, ...options]).catch((error: Said) => error)

test("nothing is left: no handle, no timer, no listener, no fiber, no actor, no object of ours, and nothing of each call", async () => {
  const { stdout, code } = await run("--calls", "300000")
  expect(stdout).toMatch(/left when all have stopped: nothing \(\d\d classes looked for\)/)
  expect(stdout).toContain("by the heap nothing leaks")
  expect(code, stdout).toBeUndefined()
}, 180_000)

test("a call that leaves one small object behind is found", async () => {
  setFlagsFromString("--expose-gc")
  globalThis.gc = runInNewContext("gc") as typeof globalThis.gc
  const kept: object[] = []
  const run = async (calls: number) => {
    for (let call = 0; call < calls; call++) kept.push({ call })
  }
  const { perCall } = await growthOf({ name: "leaky", part: 1, run, stop: async () => {} }, 20_000)
  expect(perCall).toBeGreaterThanOrEqual(leastLeak)
})
