import { beforeAll, describe, expect, test } from "vitest"
import { type BreakerLine, codes, type RecordedLine, Seal } from "../../../src/observability/recording/format.ts"
import { readRecording, UnusableRecording } from "../../../src/observability/recording/read.ts"
import { incident } from "../../support/incident.ts"

let whole: Buffer = Buffer.alloc(0)
let lines: readonly string[] = []
beforeAll(async () => {
  const { content } = await incident({ seconds: 12 })
  whole = content()
  lines = whole.toString().trimEnd().split("\n")
})

const lineAt = (index: number): string => lines.at(index) ?? ""

const read = (content: Buffer | string, partial = false) =>
  readRecording("x.ndjson", Buffer.from(content as string), { partial })

/** What is wrong with it. */
function complaint(content: Buffer | string): string {
  try {
    read(content)
  } catch (error) {
    if (error instanceof UnusableRecording) return error.message
    throw error
  }
  return "nothing"
}

/** A recording whose checksums are right, whatever it says. */
const sealed = (...values: readonly unknown[]): string => {
  const seal = new Seal()
  return values.map((value) => seal.line(value as RecordedLine)).join("")
}
const header = { t: "recloser", format: 3, library: "0.1.0", startedAt: 0, part: 1 }
const breaker = {
  t: "breaker",
  b: 1,
  name: "payments",
  at: 0,
  wall: 0,
  seed: 1,
  parts: [{ key: "basic", settings: {} }],
}
const end = { t: "end", at: 0, why: "stopped" }
const { entered, probe, success, refused, until, turned, who: whoIs } = codes
const lent = until | (1 << 4)
const float = (value: number): readonly number[] => [...Buffer.from(new Float64Array([value]).buffer)]
const calls = (bytes: readonly number[]): string =>
  sealed(header, breaker, { t: "calls", from: 0, serial: 0, bytes: Buffer.from(bytes).toString("base64") }, end)

describe("a recording", () => {
  test("is read as it was written", () => {
    const { isWhole, header, lines: rest } = read(whole)
    expect([isWhole, header.format, rest.length]).toEqual([true, 3, lines.length - 1])
  })

  test("that ends in the middle of a line names the line, and can be played up to there", () => {
    const cut = whole.subarray(0, whole.length - lineAt(-1).length - 20)
    expect(complaint(cut)).toBe(
      `x.ndjson:${lines.length - 1}: the recording is cut off here; --partial plays what is whole before it`,
    )
    expect(read(cut, true)).toMatchObject({ isWhole: false, lines: { length: lines.length - 3 } })
  })

  test("that was never stopped says so, and can be played", () => {
    const killed = `${lines.slice(0, -1).join("\n")}\n`
    expect(complaint(killed)).toContain(`x.ndjson:${lines.length - 1}: the recording is cut off here`)
    expect(complaint(killed)).toContain("did the process end?")
    expect(read(killed, true).isWhole).toBe(false)
  })

  test("that was edited names the first line that does not fit", () => {
    const at = lines.findIndex((line) => line.includes('"t":"moved"'))
    const edited = lines.with(at, lineAt(at).replace('"to":"open"', '"to":"closed"'))
    expect(complaint(`${edited.join("\n")}\n`)).toContain(`x.ndjson:${at + 1}: the checksum does not fit`)
  })

  test("of which a line was left out, doubled or moved names the line after", () => {
    expect(complaint(`${lines.toSpliced(2, 1).join("\n")}\n`)).toContain("x.ndjson:3: the checksum does not fit")
    expect(complaint(`${lines.toSpliced(3, 0, lineAt(2)).join("\n")}\n`)).toContain(
      "x.ndjson:4: the checksum does not fit",
    )
    const [one, two] = [lineAt(2), lineAt(3)]
    expect(complaint(`${lines.with(2, two).with(3, one).join("\n")}\n`)).toContain(
      "x.ndjson:3: the checksum does not fit",
    )
  })

  test.each([
    ["", "x.ndjson:1: the file is empty"],
    ["hello\n", "x.ndjson:1: this is no recording of recloser"],
    ["{}\n", "x.ndjson:1: this is no recording of recloser"],
    [Buffer.from([0xff, 0xfe, 0x00]), "x.ndjson:1: this is no recording of recloser"],
    [sealed(end), "x.ndjson:1: the first line must be the header of a recording"],
    [
      sealed({ ...header, format: 4, library: "9.0.0" }),
      "x.ndjson:1: format 4, written by recloser 9.0.0, is newer than what this version reads (2 and 3)",
    ],
    [sealed({ ...header, format: 0 }), "is other than what this version reads"],
    [sealed({ ...header, format: 1 }), "is other than what this version reads"],
    [sealed({ ...header, format: 2 }, end), "nothing"],
    [sealed(header, header, end), "x.ndjson:2: a second header"],
    [`${sealed(header)}${"[".repeat(100)}\n`, "x.ndjson:2: this line is nested deeper than 64 levels"],
    [sealed(header, { t: "poem" }, end), 'x.ndjson:2: "poem" is no kind of line that this version knows'],
    [
      sealed(header, { ...breaker, parts: [{ key: "magic" }] }, end),
      'x.ndjson:2: breaker "payments" runs "magic", which this version does not have',
    ],
    [sealed(header, { t: "gone", b: 7, at: 1 }, end), "x.ndjson:2: breaker 7 has not been introduced"],
    [sealed(header, breaker, { t: "calls", from: 0, serial: 0, bytes: 7 }, end), "x.ndjson:3: these are no calls"],
    [calls([whoIs, 1, entered, 0]), "nothing"],
    [calls([whoIs, 1, entered, 0, success, 4]), "nothing"],
    [calls([whoIs, 1, entered]), "x.ndjson:3: entry 1 is none"],
    [calls([whoIs, 1, entered, 2, 0, 0, 0]), "x.ndjson:3: entry 1 is none"],
    [calls([whoIs, 1, refused | (15 << 4), 100, 0]), "x.ndjson:3: entry 1 is none"],
    [calls([whoIs, 1, entered, 0, lent, 40]), "nothing"],
    [calls([whoIs, 1, probe, 40, lent, 0, until, 0]), "nothing"],
    [calls([whoIs, 1, lent, 40]), "x.ndjson:3: entry 1 is none"],
    [calls([whoIs, 1, entered, 0, lent, 40, lent, 40]), "x.ndjson:3: entry 3 is none"],
    [calls([whoIs, 1, entered, 0, turned, 0, lent, 40]), "x.ndjson:3: entry 3 is none"],
    [calls([whoIs, 1, refused, 0, lent, 40]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 1, entered, 0, whoIs, 2, lent, 40]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 1, entered, 0, lent, 41]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 1, entered, 0, lent, 2, ...float(0.7)]), "nothing"],
    [calls([whoIs, 1, entered, 0, lent, 2, ...float(-1)]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 1, entered, 0, lent, 2, ...float(Number.NaN)]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 1, entered, 0, lent, 2, ...float(Number.POSITIVE_INFINITY)]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 1, entered, 0, until | (2 << 4), 40]), "x.ndjson:3: entry 2 is none"],
    [calls([whoIs, 2, entered, 0]), "x.ndjson:3: breaker 2 has not been introduced"],
    [calls([entered, 0]), "x.ndjson:3: breaker -1 has not been introduced"],
    [sealed(header, { ...breaker, parts: undefined, recipe: 3 }, end), "x.ndjson:2: there is no recipe 3"],
    [sealed(header, { t: "recipe", r: 3 }, end), "x.ndjson:2: this is no recipe"],
    [
      sealed(header, { ...breaker, member: { idleMs: 1, since: 0, journal: [1, 2] } }, end),
      'x.ndjson:2: breaker "payments" remembers what no breaker by key could',
    ],
  ])("that cannot be played says what is wrong: %#", (content, message) => {
    expect(complaint(content)).toContain(message)
  })

  test("keeps numbers that JSON does not have", () => {
    const inner = { ["__proto__"]: [Number.NaN, { $number: "-Infinity" }], act: () => 1, none: null }
    const settings = { most: Number.POSITIVE_INFINITY, inner }
    const [first] = read(sealed(header, { ...breaker, parts: [{ key: "basic", settings }] }, end)).lines
    expect(first).toMatchObject({ parts: [{ settings: { most: Number.POSITIVE_INFINITY } }] })
    const [part] = (first as BreakerLine).parts
    expect(part).toEqual({
      key: "basic",
      settings: {
        most: Number.POSITIVE_INFINITY,
        inner: { ["__proto__"]: [Number.NaN, Number.NEGATIVE_INFINITY], act: undefined, none: null },
      },
    })
  })
})
