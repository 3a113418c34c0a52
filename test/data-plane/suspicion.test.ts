/** Where trouble sits, as the stream of outcomes tells: by hand, and on a long walk whose sums are known. */
import { describe, expect, test } from "vitest"
import { Suspicion } from "../../src/data-plane/suspicion.ts"

/** Chance of a seed, the same in every run. */
const chance = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647

/** Outcomes of cells, and what is remembered of each, as the table of cells does. */
function following(threshold = 20) {
  const suspicion = new Suspicion(threshold)
  const cells = new Map<number, { readonly level: number; readonly seen: number }>()
  const levelOf = (cell: number): number => {
    const known = cells.get(cell)
    return known === undefined ? 0 : suspicion.levelOf(known.level, known.seen)
  }
  const take = (cell: number, bad: boolean): void => {
    const known = cells.get(cell)
    const level = levelOf(cell)
    suspicion.take(level, known === undefined || known.seen <= suspicion.since, bad)
    if (level > 0 || bad || suspicion.isWary)
      cells.set(cell, { level: suspicion.nextLevel(level, bad), seen: suspicion.serial })
  }
  const well = (calls: number): void => {
    for (let call = 0; call < calls; call++) take(call % 30, false)
  }
  return { suspicion, levelOf, take, well }
}

describe("a cell's level", () => {
  test("counts bad outcomes in a row; good ones end it, and two of them must be undone first", () => {
    const { suspicion } = following()
    const levelAfter = (...outcomes: readonly boolean[]) =>
      outcomes.reduce((level, bad) => suspicion.nextLevel(level, bad), 0)
    const [good, bad] = [false, true]
    expect([
      levelAfter(bad),
      levelAfter(bad, bad, bad),
      levelAfter(bad, bad, good),
      levelAfter(good),
      levelAfter(good, good, good),
    ]).toEqual([...[1, 3, -1, -1, -2]])
    expect([levelAfter(good, good, bad), suspicion.nextLevel(126, true), suspicion.nextLevel(127, true)]).toEqual([
      ...[-1, 127, 127],
    ])
  })

  test("that was reached before the present trouble counts for nothing in it, and else as far as it is bad", () => {
    const { suspicion, take, well } = following()
    well(60)
    expect([suspicion.levelOf(-2, 0), suspicion.levelOf(2, 0), suspicion.levelOf(-2, 61)]).toEqual([0, 2, -2])
    for (let call = 0; call < 40; call++) take(call % 30, true)
    expect(suspicion.raised).toBe(true)
    const { since } = suspicion
    expect([suspicion.levelOf(2, since), suspicion.levelOf(2, since + 1), suspicion.levelOf(-1, since)]).toEqual([
      0, 2, 0,
    ])
  })
})

describe("a cell is guilty", () => {
  const failuresOf = (before: number, others: number): number => {
    const { suspicion, levelOf, take, well } = following()
    well(before)
    for (let failures = 1; failures <= 20; failures++) {
      take(3, true)
      for (let call = 0; call < others; call++) take(4 + ((failures * others + call) % 26), false)
      if (suspicion.isGuilty(levelOf(3))) return failures
    }
    return 0
  }

  test("after four failures in a row among many calls that go well, and after more among few", () => {
    expect([failuresOf(600, 30), failuresOf(600, 3), failuresOf(60, 30), failuresOf(0, 3)]).toEqual([4, 6, 4, 9])
  })

  test("never while it has not failed last", () => {
    const { suspicion, well } = following()
    well(600)
    expect([suspicion.isGuilty(0), suspicion.isGuilty(-2), suspicion.isGuilty(9)]).toEqual([false, false, true])
  })
})

describe("how many cells are dead", () => {
  const guilty = (suspicion: Suspicion) => [1, 2, 3, 4].map((level) => suspicion.isGuilty(level))
  const raised = (calls = 2000) => {
    const suspicion = new Suspicion(20)
    for (let call = 0; call < calls; call++) suspicion.takeWell()
    suspicion.raise()
    return suspicion
  }

  test("is guessed from what is refused, too: where it is more than half, one failure is enough", () => {
    const suspicion = raised()
    expect(guilty(suspicion)).toEqual([false, true, true, true])
    for (let call = 0; call < 100; call++) suspicion.takeRefusal()
    expect(guilty(suspicion)).toEqual([true, true, true, true])
    const young = raised(50)
    for (let call = 0; call < 100; call++) young.takeRefusal()
    expect(guilty(young)).toEqual([true, true, true, true])
  })

  test("is counted of those that are heard of first in this trouble, and of no others", () => {
    const guiltyAfter = (isFirst: boolean) => {
      const suspicion = raised()
      for (let call = 0; call < 300; call++) suspicion.take(0, isFirst, false)
      for (let call = 0; call < 100; call++) suspicion.takeRefusal()
      return guilty(suspicion)
    }
    expect([guiltyAfter(false), guiltyAfter(true)]).toEqual([
      [true, true, true, true],
      [false, true, true, true],
    ])
  })
})

describe("trouble", () => {
  test("is none until more calls fail than usual; one that is condemned is trouble enough", () => {
    const { suspicion, take, well } = following()
    well(300)
    expect([suspicion.isWary, suspicion.raised, suspicion.generation, suspicion.sitsInCells]).toEqual([
      ...[false, false, 0, false],
    ])
    take(3, true)
    expect([suspicion.isWary, suspicion.raised, suspicion.generation]).toEqual([true, false, 1])
    suspicion.raise()
    expect([suspicion.raised, suspicion.generation, suspicion.sitsInCells]).toEqual([true, 1, true])
    suspicion.raise()
    expect(suspicion.generation).toBe(1)
    suspicion.relieve()
    expect([suspicion.serial, suspicion.since]).toEqual([301, 301])
    const calm = following()
    calm.well(300)
    calm.suspicion.raise()
    expect([calm.suspicion.raised, calm.suspicion.generation]).toEqual([true, 1])
    calm.suspicion.relieve()
    expect([calm.suspicion.raised, calm.suspicion.generation, calm.suspicion.sitsInCells]).toEqual([true, 2, false])
    calm.suspicion.calmDown()
    expect([calm.suspicion.raised, calm.suspicion.since]).toEqual([false, 300])
  })

  test("is over when all is forgotten, or calls are as usual again; not before", () => {
    const { suspicion, take, well } = following()
    well(300)
    for (let call = 0; call < 30; call++) take(call, true)
    expect([suspicion.raised, suspicion.since < 330]).toEqual([true, true])
    suspicion.calmDown()
    expect(suspicion.raised).toBe(true)
    let calls = 0
    while (suspicion.raised && calls < 500) {
      take(calls++ % 30, false)
      suspicion.calmDown()
    }
    expect(calls).toBe(75)
    for (let call = 0; call < 30; call++) take(call, true)
    suspicion.clear()
    expect([suspicion.raised, suspicion.isWary, suspicion.since]).toEqual([false, false, suspicion.serial])
  })

  test("is not over while a cell that was well in it has begun to fail", () => {
    const { suspicion, take, well } = following()
    well(300)
    suspicion.raise()
    for (let call = 0; call < 60; call++) take(call % 30, false)
    take(3, true)
    // Calls to cells of which nothing is known say nothing of it, however well they go.
    for (let call = 0; call < 60; call++) suspicion.take(0, false, false)
    suspicion.calmDown()
    expect(suspicion.raised).toBe(true)
    for (let call = 0; call < 60; call++) take(call % 30, false)
    suspicion.calmDown()
    expect(suspicion.raised).toBe(false)
  })

  test("of outcomes that were only counted says nothing until they are worked in, all at once", () => {
    const { suspicion, take } = following()
    for (let call = 0; call < 100; call++) suspicion.takeWell()
    expect([suspicion.serial, suspicion.since]).toEqual([0, 0])
    take(3, true)
    expect([suspicion.serial, suspicion.since]).toEqual([101, 100])
    for (const act of ["raise", "clear"] as const) {
      const one = following().suspicion
      for (let call = 0; call < 5; call++) one.takeWell()
      one[act]()
      expect([one.serial, one.since]).toEqual([5, 5])
    }
  })
})

test("on a long walk it is seen where it was seen when the constants were chosen", () => {
  const { suspicion, levelOf, take } = following()
  const next = chance(5)
  const shareOf = (step: number, cell: number): number => {
    if (step > 600 && step < 900) return cell === 3 || cell === 4 ? 1 : 0.01
    if (step > 1500 && step < 1700) return 0.5
    if (step > 2400 && step < 2700) return cell < 12 ? 0.95 : 0.02
    return step > 3200 && step < 3400 ? 0.15 : 0.01
  }
  const sums = [0, 0, 0, 0, 0, 0]
  for (let step = 0; step < 4000; step++) {
    const cell = Math.floor(40 * next())
    const bad = next() < shareOf(step, cell)
    if (!bad && !suspicion.isWary && levelOf(cell) <= 0) suspicion.takeWell()
    else take(cell, bad)
    if (step % 3 === 0 && suspicion.raised) suspicion.takeRefusal()
    if (step % 17 === 0 && suspicion.raised) suspicion.confirm()
    // Whoever is guilty is condemned, which is trouble enough.
    if (bad && suspicion.isGuilty(levelOf(cell))) suspicion.raise()
    if (step === 905) suspicion.relieve()
    if (step === 3390) suspicion.clear()
    if (step === 3900) suspicion.raise()
    if (step % 5 === 0) suspicion.calmDown()
    let least = 1
    while (least < 60 && !suspicion.isGuilty(least)) least++
    const seen = [
      ...[suspicion.raised, suspicion.isWary, suspicion.sitsInCells, suspicion.isGuilty(levelOf(cell))].map(Number),
      ...[least, suspicion.generation + suspicion.since / 1000],
    ]
    for (const [index, value] of seen.entries()) sums[index] = (sums[index] as number) + step * value
  }
  expect(sums.map((sum) => Number(sum.toPrecision(9)))).toEqual([
    ...[1221709, 2085357, 882447, 177845, 37557542, 309321221],
  ])
})
