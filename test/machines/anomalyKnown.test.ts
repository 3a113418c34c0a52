/**
 * The scores of one known stream. The constants were tuned on a benchmark (test/bench/PREDICTION.md): whoever changes one, or a step of the
 * arithmetic, sees it here, measures anew, and puts the new figures on record.
 */
import { expect, test } from "vitest"
import { freshStream, isAnomaly, surprise } from "../../machines/anomaly.ts"

/** Half-hours of a stream with a day's rhythm and noise that stands still, leaps, steps up, falls, is flat and climbs; as a test has it. */
function* known(rows: number): Generator<readonly [time: number, value: number]> {
  let luck = 1
  const noise = () => (luck = (luck * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5
  for (let row = 0; row < rows; row++) {
    const rhythm = 10 * Math.sin((row / 48) * 2 * Math.PI) + 4 * noise()
    let value = row >= 300 && row < 320 ? 100 : 100 + rhythm
    if (row === 400 || row === 405) value += 60
    if (row >= 700) value += 25
    if (row === 720) value -= 200
    if (row >= 1100 && row < 1200) value = 125
    if (row > 1300) value += (row - 1300) * 0.5
    yield [row * 1_800_000, value]
  }
}

function scored(rows: number, from = freshStream()) {
  const scores: (readonly [row: number, score: number])[] = []
  let row = 0
  for (const [time, value] of known(rows)) {
    const score = surprise(from, time, value)
    if (score >= 0.001) scores.push([row, Math.round(1e6 * score) / 1e6])
    row++
  }
  return { scores, stream: from }
}

/** All that is known of a stream in one number: each of its numbers counts differently. */
const sumOf = (stream: readonly number[]): number =>
  stream.reduce((sum, one, index) => sum + one * (1 + index / 100), 0)

test("a stream's scores are what they were when the constants were tuned, and so is all that is known of it afterwards", () => {
  const { scores, stream } = scored(1600)
  expect(scores).toEqual([
    ...[
      [243, 0.009376],
      [293, 0.011837],
      [300, 0.140731],
      [301, 0.354171],
      [304, 1.129735],
    ],
    ...[
      [454, 0.009955],
      [474, 0.010272],
      [700, 0.30125],
      [704, 0.945369],
      [882, 0.001078],
    ],
    ...[
      [1214, 0.001695],
      [1215, 0.005364],
      [1216, 0.009555],
      [1217, 0.010743],
      [1218, 0.010969],
    ],
    ...[
      [1306, 0.020209],
      [1307, 0.021941],
      [1308, 0.032419],
      [1309, 0.033963],
      [1312, 0.038339],
    ],
    ...[
      [1313, 0.04277],
      [1314, 0.046251],
      [1315, 0.048397],
      [1316, 0.049784],
      [1317, 0.050055],
    ],
    ...[
      [1344, 0.062252],
      [1345, 0.078938],
      [1346, 0.103545],
      [1347, 0.123041],
      [1348, 0.142775],
    ],
    ...[
      [1349, 0.164417],
      [1350, 0.189649],
      [1351, 0.20257],
      [1504, 0.027914],
    ],
  ])
  expect(sumOf(stream)).toBeCloseTo(14_753.863275, 5)
})

test("what is known after a few hundred samples, when no interval is old yet, is what it was", () => {
  const sums = [97, 98, 216, 217, 250].map((rows) =>
    sumOf(scored(rows).stream.map((one) => (Number.isFinite(one) ? one : 7))),
  )
  const were = [3895.875332, 4479.540535, 4820.190541, 4817.502717, 5184.315954]
  for (const [index, sum] of sums.entries()) expect(sum).toBeCloseTo(were[index] as number, 5)
})

test("a stream that is seen hourly from before the epoch on, with leaps of every size, is known as it was", () => {
  const stream = freshStream()
  const scores: number[] = []
  for (let row = 0; row < 700; row++) {
    const value = row % 50 === 49 ? 10 ** (row / 50) : row % 7
    scores.push(surprise(stream, (row - 300) * 3_600_000, row > 400 ? -value : value))
  }
  expect(scores.reduce((sum, one, index) => sum + one * index, 0)).toBeCloseTo(2455.915214, 5)
  expect(scores.filter(isAnomaly)).toHaveLength(4)
  expect(Math.log(Math.abs(sumOf(stream)))).toBeCloseTo(32.318455, 5)
})

test("what lies far from zero is known by its differences, as far as they are no rounding, as it was", () => {
  const stream = freshStream()
  let sum = 0
  let luck = 3
  for (let row = 0; row < 900; row++) {
    luck = (luck * 48_271) % 2_147_483_647
    const value = 1e8 + (luck / 2_147_483_647) * (row < 500 ? 1 : 0.12) + (row % 24 === 0 ? 0.4 : 0)
    sum += row * surprise(stream, row * 3_600_000, value)
  }
  expect(sum).toBeCloseTo(592.296725, 5)
  expect(sumOf(stream.slice(5)) / 3_658_002_230.297).toBeCloseTo(1, 9)
})

test("what has always stood still, at nothing or elsewhere, surprises by its first moves; what stays on a bound leaves it as it was", () => {
  const finite = (stream: readonly number[]) => sumOf(stream.map((one) => (Number.isFinite(one) ? one : 7)))
  for (const [from, known] of [
    [0, 1492.034874],
    [100, 5700.034874],
  ] as const) {
    const stream = freshStream()
    const told: (readonly [row: number, score: number])[] = []
    for (let row = 0; row < 420; row++) {
      const score = surprise(stream, row * 1_800_000, row < 300 ? from : from + (row % 4))
      if (score > 0) told.push([row, Math.round(1e6 * score) / 1e6])
    }
    expect(told).toEqual([
      [301, 0.359188],
      [304, 1.225888],
    ])
    expect(finite(stream)).toBeCloseTo(known, 5)
  }
  const stream = freshStream()
  for (let row = 0; row < 500; row++) surprise(stream, row * 1_800_000, 100 + ((row >> 1) % 7))
  expect(finite(stream)).toBeCloseTo(6195.642052, 5)
})

test("the first sample of which anything is told is that after two hundred and sixteen", () => {
  const leapAt = (leap: number) => {
    const stream = freshStream()
    const scores: number[] = []
    for (let row = 0; row < 218; row++) scores.push(surprise(stream, row, row === leap ? 1000 : 100 + (row % 5)))
    return scores
  }
  expect(leapAt(215).slice(0, 216)).toEqual(Array.from({ length: 216 }, () => 0))
  const [before, leap, after] = leapAt(216).slice(215)
  expect([before, leap, after]).toEqual([0, expect.closeTo(1 / 3, 9), 0])
})

test("a score is an anomaly from a fifth on", () => {
  expect([0.1999, 0.2, 7].map(isAnomaly)).toEqual([false, true, true])
})

test("after a small score only a higher one is told, until so many samples have passed as it rests", () => {
  const stream = freshStream()
  const told: number[] = []
  for (let row = 0; row < 900; row++) {
    const leaps = row === 400 ? 9 : row === 420 ? 8 : row === 440 ? 14 : row === 640 ? 9 : 0
    if (surprise(stream, row, 100 + (row % 7) + leaps) > 0) told.push(row)
  }
  expect(told).toEqual([
    ...[217, 219, 226, 233, 240, 394, 400, 405, 553, 555, 640],
    ...[793, 835, 842, 849, 856, 863, 870, 877, 884, 891, 898],
  ])
})
