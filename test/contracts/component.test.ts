/** What every component of the registry owes. */

import { registry, tighten, unrestricted } from "recloser/machines"
import { describe, expect, test } from "vitest"
import type { AnyComponent } from "../../machines/plug.ts"
import { layers } from "../../machines/vocabulary/rejection.ts"
import { saveOf, settingsOf, startChart } from "../support/charts.ts"
import { heardBy, leafStates, numbersIn } from "../support/hostile.ts"
import { owesOptions } from "../support/optionContract.ts"
import fc from "../support/property.ts"
import { adviserSteps, describeStep, take } from "../support/walks.ts"

/** Those beside a strategy owe the same. */
const components: readonly AnyComponent[] = [registry.components, registry.companions].flatMap(
  (plugs): readonly AnyComponent[] => Object.values(plugs),
)

/** What only the user can know, where a component is of no use without it. */
const facts: { readonly [key: string]: unknown } = { discovery: { endpoints: ["10.0.0.7:80"] } }

describe.each(components.map((plug) => [plug.key, plug] as const))("component %s", (_key, plug) => {
  test("has defaults, all of them finite numbers, and belongs to a layer", () => {
    expect(settingsOf(plug, {})).toEqual(settingsOf(plug))
    expect(numbersIn(settingsOf(plug)).every(Number.isFinite)).toBe(true)
    expect(layers).toContain(plug.layer)
  })

  owesOptions(plug)

  test("hears exactly the signals that its chart handles", () => {
    expect([...heardBy(plug)].sort()).toEqual([...plug.hears].sort())
    expect(leafStates(plug).length).toBeLessThanOrEqual(12)
  })

  test("refuses nobody before it has heard anything: without evidence traffic is free to enter", () => {
    const options = facts[plug.key]
    const { share, probes } = tighten(unrestricted, startChart(plug, { options }).advice().demand)
    expect({ share, probes }).toEqual({ share: 1, probes: Number.POSITIVE_INFINITY })
  })

  test("never crashes, and demands, reports and saves sound values on every walk", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 25 }), async (walk) => {
        const chart = startChart(plug)
        for (const step of walk) {
          await take(chart, step)
          const said = `after ${describeStep(step)}`
          expect(chart.snapshot().status, said).toBe("active")
          for (const value of numbersIn(chart.advice().demand)) expect(value, said).toBeGreaterThanOrEqual(0)
          const report: unknown = plug.report?.(chart.snapshot(), chart.clock.now())
          for (const words of [report, saveOf(plug, chart)].filter((each) => each !== undefined)) {
            expect(JSON.parse(JSON.stringify(words)), said).toEqual(words)
          }
          expect(() => JSON.stringify(chart.snapshot()), said).not.toThrow()
        }
      }),
    )
  })

  test("asked twice, answers the same: reading has no side effect", () => {
    const chart = startChart(plug)
    const look = () => JSON.stringify([chart.advice(), plug.report?.(chart.snapshot(), 5), saveOf(plug, chart)])
    expect(look()).toBe(look())
  })

  test("keeps what it saved when it is restored", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 10 }), async (walk) => {
        const before = startChart(plug)
        for (const step of walk) await take(before, step)
        const saved = saveOf(plug, before)
        const after = startChart(plug, { clock: before.clock })
        after.send({
          type: "breaker.restored",
          elapsedMs: 0,
          parts: { [plug.key]: JSON.parse(JSON.stringify(saved ?? null)) },
        })
        if (saved !== undefined) expect(saveOf(plug, after)).toEqual(saved)
        if (saved !== undefined) expect(after.advice().demand).toEqual(before.advice().demand)
      }),
    )
  })
})
