/**
 * Words of strangers on the command line, made up at random, in the process itself: each is answered, by an exit code and in few words;
 * none shows a stack, writes a file, or is waited for.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { run } from "../../src/cli/commands.ts"
import fc from "../support/property.ts"

const folder = mkdtempSync(join(tmpdir(), "recloser-hostile-"))
const home = process.cwd()
/** What lies there, and must be all that lies there afterwards. */
const files: { readonly [name: string]: string } = {
  "noise.ndjson": '{"t":"recloser","format":2}\n'.repeat(3),
  "empty.json": "",
  "list.json": "[]",
  "rows.csv": "timestamp,value\n",
  "throws.mjs": 'throw new Error("at module (file:///somewhere/else.js:1:1)")',
}

beforeAll(() => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  process.chdir(folder)
})
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What a command line comes to, with all that it wrote. */
async function said(args: readonly string[]): Promise<Said> {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const into = (texts: string[]) => (text: unknown) => {
    texts.push(String(text))
    return true
  }
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(into(stdout)),
    vi.spyOn(process.stderr, "write").mockImplementation(into(stderr)),
    vi.spyOn(console, "error").mockImplementation(into(stderr)),
    vi.spyOn(console, "log").mockImplementation(into(stdout)),
  ]
  const heard = process.stdout.listeners("error")
  try {
    return { code: await run(args), stdout: stdout.join(""), stderr: stderr.join("") }
  } finally {
    for (const spy of spies) spy.mockRestore()
    // A process has one command line; this one has hundreds.
    const added = process.stdout.listeners("error").filter((listener) => !heard.includes(listener))
    for (const listener of added) process.stdout.off("error", listener as () => void)
  }
}

async function expectAnswered(args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await said(args)
  const what = `${JSON.stringify(args).slice(0, 300)}: ${stderr.slice(0, 600)}`
  expect([1, 2], what).toContain(code)
  expect(stderr.trim(), what).not.toBe("")
  expect(stdout, what).toBe("")
  expect(stderr, what).not.toMatch(/^\s+at .*[:(]\d+:\d+/m)
  expect(readdirSync(folder).sort(), what).toEqual(Object.keys(files).sort())
}

/** A word that is nothing: no number, no name of a command's own, no file, no folder. */
const nothing = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => `?${text}`),
  fc.constantFrom("\u0000", "--", "-", "?", "NaN", "-1", "1e999", "0x1", "__proto__", "constructor", "toString", "%00"),
  fc.constantFrom(
    "../../etc",
    "//",
    "http://",
    "file:///etc/passwd",
    "\u001b[2J",
    "é".repeat(500),
    "9".repeat(100_000),
  ),
  fc.constantFrom(...Object.keys(files)),
)

/** What stands for a stranger's word in the lines below. */
const here = "?"
const address = `http://127.0.0.1:1/#${"a".repeat(20)}`

/** Each place of each command where a word may stand; the rest of the line is right, so that it is this word which is refused. */
const lines: readonly (readonly string[])[] = [
  [here],
  ["demo", here],
  ...["--duration", "--port", "--rate", "--seed", "--to", "--scenario"].map((option) => ["demo", option, here]),
  ["simulate", here],
  ["simulate", "--seeds", here],
  ...["--seeds", "--only", "--config"].map((option) => ["simulate", "S1", option, here]),
  ["diagram", here],
  ["diagram", "--format", here],
  ["diagram", "--config", here],
  ["inspect", here],
  ["inspect", here, "--record", "made.ndjson"],
  ["inspect", "noise.ndjson", "--port", here],
  ["operate", here, "payments", "--why", "a test", "--inspector", address],
  ["operate", "force-open", here, "--why", "a test", "--inspector", address],
  ["operate", "force-open", "payments", "--why", here, "--inspector", address],
  ["operate", "force-open", "payments", "--why", "a test", "--inspector", here],
  ["replay", here],
  ["replay", "noise.ndjson", "--config", here],
  ["coverage", "--config", here],
  ["coverage", "--format", here],
  ["detect", "--input", here, "--output", "made.csv"],
  ["detect", "--input", "rows.csv", "--output", here],
]

/** Words that are right somewhere: standard input, the end of options, and, for `inspect`, programs that it would run. */
function isRight(line: readonly string[], word: string): boolean {
  if (word === "--") return true
  if (line[0] === "detect") return word === "-"
  return line[0] === "inspect" && line[1] === here && word in files && word !== "noise.ndjson"
}

describe("a stranger's word", () => {
  test.each(lines.map((line) => [line.join(" "), line] as const))("is refused: recloser %s", async (_name, line) => {
    await fc.assert(
      fc.asyncProperty(nothing, async (word) => {
        fc.pre(!isRight(line, word))
        await expectAnswered(line.map((one) => (one === here ? word : one)))
      }),
      { numRuns: 40, seed: 7 },
    )
  })

  const options = ["--json", "--port", "--config", "--partial", "--record", "--why", "--input", "--format", "--full"]
  const commands = ["demo", "simulate", "diagram", "operate", "replay", "coverage", "detect", "help"]

  test("is refused among others, in any order", async () => {
    const word = fc.oneof(nothing, fc.constantFrom(...options), fc.constantFrom(...commands))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...commands.slice(0, -1)),
        fc.array(word, { maxLength: 6 }),
        (command, words) => {
          fc.pre(!words.includes("--"))
          return expectAnswered([command, ...words, "--surprise"])
        },
      ),
      { numRuns: 300, seed: 7 },
    )
  })
})
