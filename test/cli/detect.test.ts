import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { type Line, LineTooLong, linesOf, longestLine } from "../../src/cli/detect/lines.ts"
import { readHeader, readRow, readTime, type standardColumns } from "../../src/cli/detect/rows.ts"
import { scored } from "../../src/cli/detect/scored.ts"
import { ended, run, start } from "./command.ts"

const folder = mkdtempSync(join(tmpdir(), "recloser-"))
afterAll(() => rmSync(folder, { recursive: true }))

const path = (name: string) => join(folder, name)
function file(name: string, text: string): string {
  writeFileSync(path(name), text)
  return path(name)
}

const sample = (row: number, value: number | string) =>
  `${new Date(Date.UTC(2024, 0, 1, 0, row * 5)).toISOString().slice(0, 19).replace("T", " ")},${value}`

/** Rows of which the last is far from all others. */
const withStep = (rows: number) =>
  Array.from({ length: rows }, (_, row) => sample(row, row === rows - 1 ? 500 : 10 + (row % 7)))

const detect = (input: string, output = "-", ...more: string[]) =>
  run("detect", "--input", input, "--output", output, ...more)

describe("recloser detect", () => {
  it("writes a row for each row, with its score and whether it is an anomaly", async () => {
    const input = file("step.csv", ["timestamp,value", ...withStep(400), ""].join("\n"))
    const { code, stdout, stderr } = await detect(input, path("scores.csv"))
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" })
    const [head, ...rows] = readFileSync(path("scores.csv"), "utf8").trimEnd().split("\n")
    expect(head).toBe("timestamp,value,anomaly_score,label")
    expect(rows).toHaveLength(400)
    expect(rows[0]).toBe("2024-01-01 00:00:00,10,0,0")
    expect(rows.at(-1)).toMatch(/^2024-01-02 09:15:00,500,[\d.]+,1$/)
    expect(rows.slice(0, -1).filter((row) => row.endsWith(",1"))).toEqual([])
  })

  it("reads standard input and writes standard output where - is given", async () => {
    const child = start("detect", "--input", "-", "--output", "-")
    child.stdin.end("1700000000,1\n1700000300,2\r\n")
    expect(await ended(child)).toEqual({
      code: 0,
      stdout: "timestamp,value,anomaly_score,label\n1700000000,1,0,0\n1700000300,2,0,0\n",
      stderr: "",
    })
  })

  it("names rows that it cannot use, by line, and goes on", async () => {
    const rows = ["timestamp,value", sample(0, 1), sample(1, ""), sample(2, "n/a"), "yesterday,4", ",5", sample(6, 6)]
    const { code, stdout, stderr } = await detect(file("odd.csv", rows.join("\n")))
    expect(code).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((row) => row.split(",").slice(1).join(",")),
    ).toEqual([...["1,0,0", ",0,0", "n/a,0,0", "6,0,0"]])
    expect(stderr.trimEnd().split("\n")).toEqual([
      "recloser: line 3: the value is missing",
      'recloser: line 4: the value "n/a" is no finite number',
      'recloser: line 5: the timestamp "yesterday" is no time',
      "recloser: line 6: the timestamp is missing",
    ])
  })

  it("scores rows that repeat a time or go back in it, and says so", async () => {
    const rows = [sample(5, 1), sample(5, 2), sample(3, 3), sample(9, Number.NaN), sample(10, "Infinity")]
    const { code, stdout, stderr } = await detect(file("times.csv", rows.join("\n")))
    expect(code).toBe(0)
    expect(stdout.trimEnd().split("\n")).toHaveLength(6)
    expect(stderr).toContain("line 2: the timestamp is that of line 1\n")
    expect(stderr).toContain("line 3: the timestamp lies before that of line 2\n")
    expect(stderr).toContain('line 4: the value "NaN" is no finite number\n')
    expect(stderr).toContain('line 5: the value "Infinity" is no finite number\n')
  })

  it("names five faults of a kind, and counts the others", async () => {
    const rows = Array.from({ length: 40 }, (_, row) => sample(row, "x"))
    const { code, stderr } = await detect(file("many.csv", rows.join("\n")))
    expect(code).toBe(0)
    expect(stderr.trimEnd().split("\n")).toHaveLength(7)
    expect(stderr).toContain("40 rows without a usable value")
  })

  it("ends at the first fault when it is to be strict", async () => {
    const input = file("strict.csv", [sample(0, 1), sample(1, "x"), sample(2, 1)].join("\n"))
    const { code, stderr } = await detect(input, path("strict-out.csv"), "--strict")
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `recloser: --input ${input}, line 2: the value "x" is no finite number\n`,
    })
  })

  it.each([
    ["an empty file", "", "holds no row that could be scored"],
    ["a header alone", "timestamp,value\n", "holds no row that could be scored"],
    ["another header", "time,load\n", "line 1: the header names no timestamp and value"],
    ["no text at all", "x".repeat(2 * longestLine), `line 1 is longer than ${longestLine} characters`],
  ])("says what is wrong with %s, and makes no output", async (_what, text, message) => {
    const output = path("none.csv")
    const { code, stdout, stderr } = await detect(file("wrong.csv", text), output)
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^recloser: --input /)
    expect({ code, stdout, made: existsSync(output) }).toEqual({ code: 1, stdout: "", made: false })
  })

  it("says why a file cannot be read or written", async () => {
    const input = file("fine.csv", sample(0, 1))
    mkdirSync(path("folder"), { recursive: true })
    const [missing, isFolder, nowhere, itself] = await Promise.all([
      detect(path("missing.csv")),
      detect(path("folder")),
      detect(input, path("no/such/folder.csv")),
      detect(input, input),
    ])
    expect(missing.stderr).toContain("missing.csv cannot be read: there is no such file or folder")
    expect(isFolder.stderr).toContain("folder cannot be read: it is a folder")
    expect(nowhere.stderr).toContain("folder.csv cannot be written: there is no such file or folder")
    expect(itself.stderr).toContain("is the input: scores go into another file")
    expect([missing, isFolder, nowhere, itself].map(({ code }) => code)).toEqual([1, 1, 1, 1])
    expect(readFileSync(input, "utf8")).toBe(sample(0, 1))
  })

  it("asks for both files", async () => {
    const { code, stderr } = await run("detect", "--input", "a.csv")
    expect(code).toBe(2)
    expect(stderr).toContain("required option '--output <file>' not specified")
  })
})

describe("rows", () => {
  it.each([
    ["2014-04-01 00:05:00", Date.UTC(2014, 3, 1, 0, 5)],
    ["2014-04-01 00:05:00.000000", Date.UTC(2014, 3, 1, 0, 5)],
    ["2014-04-01T00:05:00+02:00", Date.UTC(2014, 2, 31, 22, 5)],
    ["2014-04-01", Date.UTC(2014, 3, 1)],
    ["1396310700", Date.UTC(2014, 3, 1, 0, 5)],
    ["1396310700000", Date.UTC(2014, 3, 1, 0, 5)],
    ["2014-13-01 00:00:00", undefined],
    ["soon", undefined],
  ])("are of the time %j", (text, at) => {
    expect(readTime(text)).toBe(at)
  })

  it("may have their columns in any order, with others between", () => {
    const columns = readHeader('id,"value",timestamp')
    expect(columns).toEqual({ timestamp: 2, value: 1 })
    expect(readRow("7,3.5,2014-04-01", columns as typeof standardColumns)).toMatchObject({
      kind: "sample",
      sample: { value: "3.5", timestamp: "2014-04-01", measured: 3.5 },
    })
  })
})

async function* chunks(...texts: string[]): AsyncGenerator<string> {
  yield* texts
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

describe("lines", () => {
  it("are the same wherever the stream is cut, without mark and carriage return", async () => {
    const text = "\uFEFFa,1\r\nb,2\n\nc,3"
    const expected = ["a,1", "b,2", "", "c,3"].map((text, at) => ({ text, number: at + 1 }))
    for (let cut = 0; cut <= text.length; cut++) {
      expect(await all(linesOf(chunks(text.slice(0, cut), text.slice(cut))))).toEqual(expected)
    }
  })

  it("that never end are given up", async () => {
    await expect(all(linesOf(chunks("x".repeat(longestLine + 1))))).rejects.toThrow(LineTooLong)
  })
})

describe("scores", () => {
  it("of a prefix of the rows are the prefix of the scores", async () => {
    const lines = withStep(500).map((text, at): Line => ({ text, number: at + 1 }))
    const score = async (some: readonly Line[]) => {
      async function* given() {
        yield* some
      }
      return all(scored(given(), "test", () => {}))
    }
    const whole = await score(lines)
    for (const cut of [1, 216, 300, 499]) expect(await score(lines.slice(0, cut))).toEqual(whole.slice(0, cut))
  })
})
