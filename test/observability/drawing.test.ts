import { describe, expect, test } from "vitest"
import { createMachine, fromTransition } from "xstate"
import { chartOf, statesIn, wordsOf } from "../../src/observability/drawing/chart.ts"
import { dot } from "../../src/observability/drawing/dot.ts"
import { draw, formats } from "../../src/observability/drawing/draw.ts"
import { pictureOf } from "../../src/observability/drawing/layouts.ts"
import { allCharts, machines } from "../../src/observability/drawing/machines.ts"
import { mermaid } from "../../src/observability/drawing/mermaid.ts"
import type { Picture } from "../../src/observability/drawing/picture.ts"
import { scxml } from "../../src/observability/drawing/scxml.ts"
import { svg } from "../../src/observability/drawing/svg.ts"

const odd = chartOf(
  "odd",
  createMachine({
    initial: "a",
    on: { reset: ".a" },
    states: {
      a: { after: { soon: "b.c" }, on: { 'quote"<&': { guard: "may<>", target: "b" }, stay: { actions: "note" } } },
      b: {
        initial: "c",
        on: { inward: ".d" },
        states: { c: { always: { guard: "now", target: "d" } }, d: { type: "final" } },
      },
    },
  }),
)

/** Every tag that is opened is closed, in order. */
function isWellFormed(xml: string): boolean {
  const open: string[] = []
  for (const [, end, name, self] of xml
    .replace(/<(?:\?|!--)[\s\S]*?(?:\?|--)>/g, "")
    .matchAll(/<(\/?)([\w:]+)(?:\s+[\w:.-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (self === "/") continue
    if (end !== "/") open.push(name ?? "")
    else if (open.pop() !== name) return false
  }
  return open.length === 0
}

describe("a chart", () => {
  test("says its states, arrows, delays, and what a state hears without leaving", () => {
    expect(statesIn(odd.root).map(({ id, kind }) => [id, kind])).toEqual([
      ["", "compound"],
      ["a", "atomic"],
      ["b", "compound"],
      ["b.c", "atomic"],
      ["b.d", "final"],
    ])
    expect(odd.arrows.map((arrow) => [arrow.from, wordsOf(arrow), arrow.to])).toEqual([
      ["", "reset", "a"],
      ["a", 'quote"<& [may<>]', "b"],
      ["a", "after soon", "b.c"],
      ["b", "inward", "b.d"],
      ["b.c", "[now]", "b.d"],
    ])
    expect(odd.root.children[0]?.reactions).toEqual(["stay"])
  })

  test("of logic that is no state machine is one state that lives", () => {
    expect(
      statesIn(
        chartOf(
          "fold",
          fromTransition((count: number) => count, 0),
        ).root,
      ).map(({ id }) => id),
    ).toEqual(["", "running"])
  })

  test("that nobody could have made up passes through every language unbroken", () => {
    expect(mermaid(odd)).toContain('  a --> b: quote"<& [may<>]')
    expect(dot(odd)).toContain('label="quote\\"<& [may<>]"')
    const told = scxml(odd)
    expect(told).toContain('event="quote&quot;&lt;&amp;" cond="may&lt;&gt;" target="odd.b"')
    expect(isWellFormed(told)).toBe(true)
  })

  test("as SVG shows names as text, whatever they are called", () => {
    const evil = '<script>alert("1")</script>'
    const box = { id: evil, name: evil, kind: "atomic", x: 0, y: 0, w: 1, h: 1, lines: [evil], isGroup: false }
    const picture: Picture = { key: evil, width: 1, height: 1, boxes: [box], lines: [] }
    expect(svg(picture)).not.toContain("<script")
    expect(isWellFormed(svg(picture))).toBe(true)
  })
})

describe.each([...machines.keys()])("the drawing of %s", (key) => {
  const chart = allCharts().find((one) => one.key === key)
  const states = chart === undefined ? [] : statesIn(chart.root).filter(({ id }) => id !== "")

  test("has a place for every state, inside of the state that holds it", () => {
    const boxes = new Map(pictureOf(key)?.boxes.map((box) => [box.id, box]))
    expect(states.length).toBeGreaterThan(0)
    for (const { id } of states) {
      const [box, around] = [boxes.get(id), boxes.get(id.split(".").slice(0, -1).join("."))]
      if (box === undefined || around === undefined) throw new Error(`${id} has no place`)
      expect([box.x >= around.x, box.y >= around.y]).toEqual([true, true])
      expect([box.x + box.w <= around.x + around.w, box.y + box.h <= around.y + around.h]).toEqual([true, true])
    }
  })

  test("names every state and every cause in each language", () => {
    const causes =
      chart?.arrows.flatMap((arrow) => (arrow.event.startsWith("xstate.after") ? (arrow.delay ?? []) : arrow.event)) ??
      []
    for (const format of formats) {
      const text = draw([key], format)
      expect([...states.map(({ name }) => name), ...causes].filter((word) => !text.includes(word))).toEqual([])
    }
  })

  test.each(["scxml", "svg"] as const)("is well-formed as %s", (format) => {
    expect(isWellFormed(draw([key], format))).toBe(true)
    expect(isWellFormed(draw([...machines.keys()], format))).toBe(true)
  })
})
