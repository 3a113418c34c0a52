import { describe, expect, test } from "vitest"
import { machines } from "../../src/observability/drawing/machines.ts"
import { atlas, written } from "../../visualizations/generate.ts"

describe("the atlas in visualizations/atlas", () => {
  test("is what the charts of the registry look like now: if it is not, run `npm run atlas`", async () => {
    const [now, kept] = [await atlas(), written()]
    expect([...kept.keys()].sort()).toEqual([...now.keys()].sort())
    const stale = [...now].filter(([name, text]) => kept.get(name) !== text).map(([name]) => name)
    expect(stale).toEqual([])
  })

  test("draws every machine of the registry, and the root", async () => {
    const names = [...(await atlas()).keys()]
    for (const key of machines.keys()) expect(names).toEqual(expect.arrayContaining([`${key}.svg`, `${key}.mmd`]))
  })
})
