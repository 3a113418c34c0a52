/** Gauges that a user observes: what each shows, once, and how many there may be. */
import { expect, test } from "vitest"
import { Observed } from "../../src/data-plane/observed.ts"

const gauges = (most = 2) => {
  const troubles: unknown[] = []
  return { observed: new Observed(most, (error) => troubles.push(error)), troubles }
}

test("a number is shown once, the last one; what can be asked is asked each time", () => {
  const { observed } = gauges()
  let asked = 0
  expect([observed.observe("pool", 5), observed.observe("pool", 7), observed.observe("heap", () => ++asked)]).toEqual([
    ...[true, true, true],
  ])
  expect([observed.take(), observed.take()]).toEqual([{ pool: 7, heap: 1 }, { heap: 2 }])
  observed.observe("pool", 9)
  expect(observed.take()).toEqual({ pool: 9, heap: 3 })
})

test("there are no more than so many, and one that is forgotten makes room", () => {
  const { observed } = gauges()
  for (const gauge of ["a", "b"]) observed.observe(gauge, 1)
  expect([observed.observe("c", 1), observed.observe("a", 2)]).toEqual([false, true])
  expect(observed.take()).toEqual({ a: 2, b: 1 })
  // It has its place, though it shows nothing now.
  expect(observed.observe("c", 1)).toBe(false)
  observed.forget("b")
  expect([observed.observe("c", 3), observed.take()]).toEqual([true, { c: 3 }])
})

test("what is no finite number is not shown, and nothing is nothing", () => {
  const { observed, troubles } = gauges(3)
  expect(observed.take()).toBeUndefined()
  const broken = new Error("broken")
  observed.observe("a", Number.NaN)
  observed.observe("b", () => Number.POSITIVE_INFINITY)
  observed.observe("c", () => {
    throw broken
  })
  expect([observed.take(), troubles]).toEqual([undefined, [broken]])
})
