/** What `npm run simulate:nightly` says of a night, and what it ends with. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const program = fileURLToPath(new URL("nightly.ts", import.meta.url))

interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code?: number
}
const night = (...options: readonly string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, [program, ...options]).catch((error: Ended) => error)

test("a night that played too few calls has missed its goal, and says how long it would take", async () => {
  const { stdout, code } = await night("--minutes", "0.01", "--at-least", "1000000000")
  expect(stdout).toMatch(/^\d+ days, \d+ calls in .+, 0 violations$/m)
  expect(stdout).toMatch(/^missed: \d+ of 1000000000 calls \(0 %\); that many take \d+ minutes here$/m)
  expect(code).toBe(3)
})

test("a night that played enough has met it; days that are asked for by number have none", async () => {
  const [enough, byNumber] = [await night("--minutes", "0.01", "--at-least", "10"), await night("--days", "1")]
  expect(enough.stdout).toContain("met: at least 10 calls")
  expect(byNumber.stdout).not.toMatch(/met|missed/)
  expect([enough.code, byNumber.code]).toEqual([undefined, undefined])
})

test("what is asked for by time must come to a million calls a minute", async () => {
  const { stdout } = await night("--minutes", "0.01")
  expect(stdout).toMatch(/at least 10000 calls|of 10000 calls/)
})

test("is misused in words", async () => {
  const { stderr, code } = await night("--at-least", "many")
  expect({ stderr: stderr.trim(), code }).toEqual({
    stderr: "--at-least must be a number of 0 or more, and is many",
    code: 2,
  })
})
