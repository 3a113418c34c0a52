/** What the options of every part owe, be it a strategy or a component. */

import { expect, test } from "vitest"
import type { AnyPlug } from "../../machines/plug.ts"
import { problemsOf, settingsOf } from "./charts.ts"
import { hostileOptions, numbersIn } from "./hostile.ts"
import fc from "./property.ts"

export function owesOptions(plug: AnyPlug): void {
  test.each(hostileOptions)("refuses %s, and says where and by which rule", (_what, make) => {
    const problems = problemsOf(plug, make())
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) {
      expect(problem.path).toMatch(/^options/)
      expect(problem.rule).not.toBe("")
    }
  })

  test("reads whatever it is given without throwing: usable settings, or problems", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (options) => {
        if (problemsOf(plug, options).length > 0) return
        expect(numbersIn(settingsOf(plug, options)).every(Number.isFinite)).toBe(true)
      }),
    )
  })
}
