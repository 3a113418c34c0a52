/** Words on the command line, and in headers, that were answered wrongly: by a stack, or after tens of milliseconds. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test, vi } from "vitest"
import { numberBetween } from "../../src/cli/demo/options.ts"
import { inspect, isRecording } from "../../src/cli/inspect/command.ts"
import { operate } from "../../src/cli/operate/command.ts"
import { widthOf } from "../../src/cli/replay/words.ts"
import { givenConfig, Unusable } from "../../src/cli/simulate/givenConfig.ts"
import { formatVersion, Seal } from "../../src/observability/recording/format.ts"
import { readRecording } from "../../src/observability/recording/read.ts"
import { quotaIn } from "../../src/quotaHeaders.ts"
import { scaleOf } from "../../src/registryHttp.ts"
import { retryAfterOf } from "../../src/retryAfter.ts"
import { seedsOf } from "../../src/testing/simulation/seeds.ts"

describe("a word that cannot be used is refused in words", () => {
  test("a folder that is to be inspected showed a stack: EISDIR", async () => {
    const refuse = vi.fn((why: string): never => {
      throw new Error(why)
    })
    const options = { file: ".", args: [], port: 0, control: false, record: undefined, partial: false }
    await expect(inspect(options, refuse)).rejects.toThrow(". cannot be read: it is a folder")
    expect(refuse).toHaveBeenCalledOnce()
  })

  test("a config with a name that no file can have showed a stack: ENAMETOOLONG", async () => {
    const given = givenConfig("x".repeat(5000))
    await expect(given).rejects.toBeInstanceOf(Unusable)
    await expect(given).rejects.toThrow("cannot be read: ENAMETOOLONG: name too long")
  })

  test("a duration of 0x1 seconds was taken for one second, and 1e1 for ten", () => {
    for (const text of ["0x1", "1e1", "0b11", "+5", " 5"])
      expect(() => numberBetween(1, 3600)(text), text).toThrow("Give a number from 1 to 3600.")
    expect(numberBetween(1, 3600)("2.5")).toBe(2.5)
  })
})

describe("what is too long to be what it says is not read", () => {
  test("a Retry-After of a million digits was infinity", () => {
    const asked = (text: string) => retryAfterOf({ ok: false, error: { headers: { "retry-after": text } } })
    expect(asked("9".repeat(1_000_000))).toBeUndefined()
    expect(asked(" 120 ")).toBe(120_000)
  })

  test("a Retry-After that is no date of HTTP was read as one, and kept a circuit open for as long as may be", () => {
    const date = "Sun, 29 Nov 2026 07:28:00 GMT"
    const asked = (text: string) => retryAfterOf({ ok: false, error: { headers: { "retry-after": text, date } } })
    for (const text of ["wait 45", "12/31/2099", "soon 2050", "2099-12-31", "-5", "1e9", "30s", "Sunday 2099", "GMT"])
      expect(asked(text), text).toBeUndefined()
    for (const text of ["Sun, 29 Nov 2026 07:28:20 GMT", "Sunday, 29-Nov-26 07:28:20 GMT", "Sun Nov 29 07:28:20 2026"])
      expect(asked(text), text).toBe(20_000)
    expect(asked("Sun, 29 Nov 2026 07:27:59 GMT")).toBeUndefined()
  })

  test("a list of more seeds than may be was taken apart first", () => {
    expect(seedsOf("1,".repeat(500_000))).toBeUndefined()
    expect(seedsOf(Array.from({ length: 1000 }, (_, index) => 4_000_000_000 + index).join(", "))).toHaveLength(1000)
  })

  test("quotes that nobody closes hold the rest of the header: it was looked through from each of them", () => {
    const said = (ratelimit: string) => quotaIn({ get: (name) => (name === "ratelimit" ? ratelimit : null) })
    expect(said('"a";r=5;t=1, "b;r=0;t=9')).toEqual({ remaining: 5, reset: 1000 })
    expect(said('"a, b";r=5;t=1, "c";r=0;t=9')).toEqual({ remaining: 0, reset: 9000 })
  })
})

/** The command as a process of its own, in a folder of its own with these files. */
function inFolder(files: { readonly [name: string]: string }, args: readonly string[]) {
  const cwd = mkdtempSync(join(tmpdir(), "recloser-command-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))
  const ran = spawnSync(process.execPath, [main, ...args], { cwd, encoding: "utf8", timeout: 60_000 })
  rmSync(cwd, { recursive: true })
  return ran
}

describe("what is found on the way is told in words, and ends", () => {
  test("a config whose module never ends by itself kept the command from ending, refused or not", () => {
    const lives = "setInterval(() => {}, 1000)\nexport default "
    const good = inFolder({ "c.mjs": `${lives}{}` }, ["diagram", "--config", "c.mjs"])
    expect([good.status, good.signal, good.stdout.startsWith("stateDiagram")]).toEqual([0, null, true])
    const bad = inFolder({ "c.mjs": `${lives}{ strategi: 1 }` }, ["coverage", "--config", "c.mjs"])
    expect([bad.status, bad.signal]).toEqual([2, null])
  }, 130_000)

  test("control characters of a name reached the terminal", () => {
    const { status, stderr } = inFolder({}, ["diagram", "\u001b[2Jgone"])
    expect([status, stderr.includes("\u001b")]).toEqual([2, false])
    expect(stderr).toContain("there is no machine \\u001b[2Jgone")
  }, 70_000)

  test("a recording into a folder showed a stack", () => {
    const { status, stderr } = inFolder({}, ["demo", "--no-inspect", "--duration", "1", "--record", "."])
    expect([status, stderr]).toEqual([1, "recloser: --record . cannot be written: . is no regular file\n"])
  }, 70_000)

  test("a pipe that was to be inspected was waited for", () => {
    const place = mkdtempSync(join(tmpdir(), "recloser-command-"))
    execFileSync("mkfifo", [join(place, "pipe")])
    expect(() => isRecording(join(place, "pipe"))).toThrow("it is no regular file")
    rmSync(place, { recursive: true })
  })

  test("a recording longer than any text showed a stack", () => {
    expect(() => readRecording("long", Buffer.alloc(2 ** 29))).toThrow("long:1: this is no recording of recloser")
  })

  test("a recording from beyond all dates showed a stack", () => {
    const startedAt = 1e20
    const line = new Seal().line({ t: "recloser", format: formatVersion, library: "1", startedAt, part: 1 })
    expect(() => readRecording("late", Buffer.from(line))).toThrow("late:1: this is no recording of recloser")
  })

  test("an answer of somebody else than an inspector showed a stack", async () => {
    const other = createServer((_request, response) => response.end("<html>"))
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    const { port } = other.address() as AddressInfo
    const refuse = (why: string): never => {
      throw new Error(why)
    }
    const inspector = `http://127.0.0.1:${port}/#${"a".repeat(32)}`
    const asked = operate({ act: "release", breaker: "payments", why: "done", inspector }, refuse)
    await expect(asked).rejects.toThrow(`what answers at 127.0.0.1:${port} is no inspector of recloser`)
    other.closeAllConnections()
    await new Promise((resolve) => other.close(resolve))
  })
})

test("a time without a zone, written with slashes, was taken for one of the host's zone, and repeated an hour each autumn", () => {
  const rows = fileURLToPath(new URL("../../src/cli/detect/rows.ts", import.meta.url))
  const plain = ["2024/11/03 01:30:00", "11/03/2024 01:30", "3 Nov 2024 01:30"]
  const times = JSON.stringify([...plain, "3 Nov 2024 01:30 EST", "2024-11-03T01:30-02:00"])
  const code = `import { readTime } from ${JSON.stringify(rows)}\nconsole.log(JSON.stringify(${times}.map(readTime)))`
  const env = { ...process.env, TZ: "America/New_York" }
  const given = ["--input-type=module-typescript", "--eval", code]
  const read = execFileSync(process.execPath, given, { env, encoding: "utf8" })
  const utc = Date.UTC(2024, 10, 3, 1, 30)
  expect(JSON.parse(read)).toEqual([utc, utc, utc, utc + 5 * 3_600_000, utc + 2 * 3_600_000])
})

test("the longest of very many was asked of all at once: more than a call can be given ended in a RangeError", () => {
  const very = Array.from({ length: 300_000 }, () => ({ breaker: "payments" }))
  expect(widthOf([...very, { breaker: "x".repeat(40) }])).toBe(30)
  expect(widthOf(very)).toBe(8)
  expect(scaleOf([...very.map(() => 1), 65_535])).toBe(1000 / 65_535)
  expect(scaleOf([])).toBe(1)
})
