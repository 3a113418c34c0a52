/** What a plug hears is what its chart takes: the root sends nothing else, and a signal that no state takes is none that is heard. */
import { describe, expect, test } from "vitest"
import type { AnyStateMachine } from "xstate"
import type { AnyPlug } from "../../machines/plug.ts"
import * as registry from "../../machines/registry.ts"
import { layers } from "../../machines/vocabulary/rejection.ts"

const plugs = [registry.strategies, registry.companions, registry.components].flatMap((one) =>
  Object.values(one),
) as readonly AnyPlug[]

describe("a plug", () => {
  test.each(plugs.map((plug) => [plug.key, plug] as const))(
    "hears what its chart takes, and no more: %s",
    (_, plug) => {
      const taken = (plug.chart as AnyStateMachine).events.filter((event) => !event.startsWith("xstate."))
      expect([...plug.hears].sort()).toEqual([...new Set(taken)].sort())
    },
  )

  test.each(plugs)(
    "has a chart of its own name, by which whoever draws or inspects it knows it: $key",
    ({ key, chart }) => {
      expect((chart as AnyStateMachine).id).toBe(key)
    },
  )

  test.each(Object.values(registry.strategies))("that is a strategy holds a circuit: $key", ({ layer }) => {
    expect(layer).toBe("circuit")
  })

  test.each([registry.companions, registry.components].flatMap((one) => Object.values(one) as AnyPlug[]))(
    "holds at a layer that there is: $key",
    ({ layer }) => expect(layers).toContain(layer),
  )
})
