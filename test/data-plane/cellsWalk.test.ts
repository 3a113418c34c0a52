/** Cells on a long walk through troubles of all kinds: whoever changes a step or a constant sees it here, measures anew, and records it. */
import { expect, test } from "vitest"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { Cells } from "../../src/data-plane/cells.ts"
import type { Visit } from "../../src/data-plane/visits.ts"
import { cellLine } from "../support/keyedPlane.ts"

const chance = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647

interface Trouble {
  /** From which step on. */
  readonly from: number
  /** Which part of the calls of a key fails, and how long they take. */
  readonly fails: (key: number) => number
  readonly ms?: (key: number) => number
}

const usually = 0.01
const troubles: readonly Trouble[] = [
  { from: 0, fails: () => usually },
  { from: 1500, fails: (key) => (key === 3 || key === 7 ? 1 : usually) },
  { from: 3000, fails: () => usually },
  { from: 4000, fails: (key) => (key % 3 === 0 ? 1 : usually) },
  { from: 5000, fails: () => usually },
  { from: 6000, fails: () => 0.97 },
  { from: 6600, fails: () => usually },
  { from: 7500, fails: () => usually, ms: (key) => (key < 4 ? 400 : 0) },
  { from: 8500, fails: () => usually },
  { from: 9500, fails: () => 0.2 },
  { from: 10_500, fails: (key) => (key % 2 === 0 ? 1 : usually) },
  { from: 11_500, fails: () => usually },
]

function walk(seed: number, steps: number, keys: number) {
  const next = chance(seed)
  let [now, excusedUntil] = [0, Number.NEGATIVE_INFINITY]
  const cells = new Cells({ ...cellLine, max: 64 }, 7, { stoodMs: (since) => (since <= excusedUntil ? 150 : 0) }, 100)
  const running: { readonly visit: Visit; readonly until: number; readonly judged: Judged }[] = []
  const seen = { refused: 0, apart: 0, condemned: 0, freed: 0, silent: 0, oneCell: 0, cells: 0, remembered: 0, sum: 0 }
  const add = (what: Exclude<keyof typeof seen, "sum">, step: number, by = 1) => {
    seen[what] += by
    seen.sum += by * step * (1 + what.length)
  }
  for (let step = 0; step < steps; step++) {
    now += 4 * next()
    for (let at = running.length - 1; at >= 0; at--) {
      const { visit, until, judged } = running[at] as (typeof running)[number]
      if (until > now) continue
      running.splice(at, 1)
      if (cells.settle(visit, judged, now)) add("apart", step)
    }
    if (step === 9000) cells.adopt(undefined, 100)
    if (step === 9100) cells.adopt({ ...cellLine, max: 64 }, 100)
    if (step === 8000) excusedUntil = now - 20
    const { fails, ms } = troubles.findLast(({ from }) => step >= from) as Trouble
    const number = Math.floor(keys * next() ** 2)
    const key = `key ${number}`
    if (cells.holds(key, now) === undefined) {
      const isBad = next() < fails(number)
      const drawn = next()
      const judged: Judged = isBad
        ? drawn < 0.03
          ? { kind: "failure", trip: false, retryAfterMs: 500 }
          : drawn < 0.2
            ? "timedOut"
            : "failure"
        : drawn < 0.03
          ? "ignored"
          : "success"
      const visit = cells.enter({} as never, 1, key, now)
      running.push({ visit, until: now + 20 * next() + (ms?.(number) ?? 0), judged })
    } else {
      cells.refuse(key, now)
      add("refused", step)
    }
    if (step % 400 === 0) cells.hearGood()
    if (cells.takeSilence() !== undefined) add("silent", step)
    const { news, within } = cells
    cells.news = undefined
    if (news !== undefined) add(news.to, step, 1 + news.cells + news.statistics.calls + 3 * news.statistics.slow)
    if (within !== undefined) add(within, step)
    if (step % 50 === 0) add("remembered", step, cells.remembered)
  }
  return seen
}

test("forty cells are held back, told of and forgotten as they were when the constants were chosen", () => {
  expect(walk(3, 12_500, 40)).toEqual({
    ...{ refused: 1424, apart: 64, condemned: 324, freed: 216, silent: 0, oneCell: 399, cells: 5021 },
    ...{ remembered: 8519, sum: 929674460 },
  })
})

test("a thousand cells, more than are remembered, are so as well", () => {
  expect(walk(5, 12_500, 1000)).toEqual({
    ...{ refused: 223, apart: 23, condemned: 148, freed: 91, silent: 0, oneCell: 771, cells: 4491 },
    ...{ remembered: 14541, sum: 1280380700 },
  })
})
