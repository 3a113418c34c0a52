import { expect, test } from "vitest"
import { Errand, EventQueue } from "../../../src/testing/simulation/queue.ts"
import fc from "../../support/property.ts"

type Step = { readonly at: number } | { readonly cancel: number }

const steps = fc.array(
  fc.oneof(fc.record({ at: fc.integer({ min: 0, max: 20 }) }), fc.record({ cancel: fc.nat({ max: 60 }) })),
  { maxLength: 80 },
)

/** What is planned and not cancelled, in the order in which it is to happen. */
function expected(plan: readonly Step[]): readonly number[] {
  const planned: { id: number; at: number; gone: boolean }[] = []
  for (const step of plan) {
    if ("at" in step) planned.push({ id: planned.length, at: step.at, gone: false })
    else if (planned[step.cancel] !== undefined) Object.assign(planned[step.cancel] ?? {}, { gone: true })
  }
  return planned
    .filter(({ gone }) => !gone)
    .sort((a, b) => a.at - b.at || a.id - b.id)
    .map(({ id }) => id)
}

test("things happen in the order of their times, then of their planning, and not when cancelled", () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const queue = new EventQueue()
      const happened: number[] = []
      const errands: Errand[] = []
      for (const step of plan) {
        if ("at" in step) {
          const id = errands.length
          errands.push(new Errand(() => happened.push(id)))
          queue.plan(errands[id] as Errand, step.at)
        } else if (errands[step.cancel] !== undefined) queue.cancel(errands[step.cancel] as Errand)
      }
      for (let next = queue.next(100); next !== undefined; next = queue.next(100)) next.fire(queue.now)
      expect(happened).toEqual(expected(plan))
      expect(queue.size).toBe(0)
    }),
  )
})

test("time never goes back: what is planned for the past happens now", () => {
  const queue = new EventQueue()
  const seen: number[] = []
  queue.plan(new Errand((now) => seen.push(now)), 10)
  queue.next(100)?.fire(queue.now)
  queue.plan(new Errand((now) => seen.push(now)), 3)
  queue.next(100)?.fire(queue.now)
  expect(seen).toEqual([10, 10])
})

test("nothing after the end is taken out", () => {
  const queue = new EventQueue()
  queue.plan(new Errand(() => {}), 10)
  expect(queue.next(9.9)).toBeUndefined()
  expect(queue.size).toBe(1)
})
