/** The agenda of checks beside a sorted list. */

import { expect, test } from "vitest"
import { Agenda, type Planned } from "../../src/agenda.ts"
import fc from "../support/property.ts"

interface Named extends Planned {
  readonly name: number
}

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 30 }) }) },
    { weight: 4, arbitrary: fc.constant("take" as const) },
    { weight: 1, arbitrary: fc.record({ hasten: fc.integer({ min: 0, max: 30 }) }) },
    { weight: 1, arbitrary: fc.record({ keep: fc.integer({ min: 1, max: 5 }) }) },
  ),
  { maxLength: 200 },
)

test("what an agenda hands out is the earliest, and of one instant what was planned first", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const agenda = new Agenda<Named>()
      let list: { readonly name: number; readonly due: number }[] = []
      let name = 0
      // Sorting is stable: of one instant, who came first stays first.
      const sort = () => list.sort((one, other) => one.due - other.due || one.name - other.name)
      for (const step of all) {
        if (step === "take") expect(agenda.take()?.name).toBe(list.shift()?.name)
        else if ("add" in step) {
          agenda.add({ name: ++name, due: 0, serial: 0 }, step.add)
          list.push({ name, due: step.add })
        } else if ("hasten" in step) {
          agenda.hasten(step.hasten)
          list = list.map((one) => ({ ...one, due: Math.min(one.due, step.hasten) }))
        } else {
          agenda.keep((one) => one.name % step.keep !== 0)
          list = list.filter((one) => one.name % step.keep !== 0)
        }
        sort()
        expect(agenda.first?.name).toBe(list[0]?.name)
      }
    }),
    { seed: 1, numRuns: 100 },
  )
})
