/** What is on record of mutation testing holds of the code as it is. */
import { describe, expect, test } from "vitest"
import { judged } from "../support/mutation/judged.ts"
import { results } from "../support/mutation/results.ts"
import { page } from "../support/mutation/score.ts"
import { filesUnder, read } from "../support/repository.ts"

const lineIn = (path: string): readonly string[] =>
  filesUnder("machines").concat(filesUnder("src/data-plane")).includes(path)
    ? read(path)
        .split("\n")
        .map((line) => line.replace(/\s+/g, " ").trim())
    : []

describe("mutants that live and were judged", () => {
  test("stand in lines that are there: where a line has changed they are tried and judged again", () => {
    const gone = judged.filter(({ path, line }) => !lineIn(path).includes(line))
    expect(gone.map(({ path, line }) => `${path}: ${line}`)).toEqual([])
  })

  test("are known from a run, one by one", () => {
    const unknown = judged.flatMap(({ path, line, mutants }) =>
      mutants
        .filter(
          ([from, to]) =>
            !results()[path]?.survivors.some((one) => [one.line, one.from, one.to].join() === [line, from, to].join()),
        )
        .map(([from, to]) => `${path}: in ${line}: ${from} became ${to}`),
    )
    expect(unknown).toEqual([])
  })

  test("say why, and are judged once", () => {
    const said = judged.flatMap(({ path, line, mutants, why }) =>
      mutants.map((pair) => ({ at: [path, line, ...pair].join(), why })),
    )
    expect(said.filter(({ why }) => why.length < 20)).toEqual([])
    expect(new Set(said.map(({ at }) => at)).size).toBe(said.length)
  })
})

describe("SCORE.md", () => {
  test("says what is on record: `npm run mutation -- --write` writes it", () => {
    const asOfThen = (text: string): string => text.replaceAll(/ \((?:has changed since|is gone)\)/g, "")
    // How many files and lines there are by now is of the day it was written.
    const figures = (text: string): readonly string[] =>
      asOfThen(text)
        .split("\n")
        .filter((line) => /^[|-]/.test(line))
    expect(figures(read("test/support/mutation/SCORE.md"))).toEqual(figures(page()))
  })
})
