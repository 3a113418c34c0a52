import { describe, expect, test } from "vitest"
import { style } from "../../../src/observability/drawing/svg.ts"
import { read } from "../../support/repository.ts"

/** The variables of a style in the light, and in the dark. */
function palettes(css: string): readonly (readonly [string, ReadonlyMap<string, string>])[] {
  const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)")
  const colours = (text: string) =>
    [...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name = "", value = ""]) => [name, value] as const)
  return [
    ["light", new Map(colours(light))],
    [
      "dark",
      new Map([
        ...colours(light),
        ...colours(dark.slice(0, dark.indexOf("}\n\n") < 0 ? undefined : dark.indexOf("}\n\n"))),
      ]),
    ],
  ]
}

const channel = (value: number): number => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)

/** Relative luminance, as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    channel(Number.parseInt(colour.slice(at, at + 2), 16) / 255),
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one = "", other = ""): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

const circuits = ["closed", "degraded", "open", "halfOpen", "ramping"]

describe.each(palettes(read("visualizations/inspector/page.css")))("the page, %s", (_scheme, colours) => {
  const pairs = [
    ...["ink", "soft", "open"].flatMap((text) => ["ground", "card"].map((ground) => [text, ground] as const)),
    ...[...circuits, "other"].map((state) => [state, `${state}-bg`] as const),
    ["ink", "ramping-bg"] as const,
  ]
  test.each(pairs)("shows %s on %s so that it can be read", (text, ground) => {
    expect(contrast(colours.get(text), colours.get(ground))).toBeGreaterThanOrEqual(4.5)
  })
})

describe.each(palettes(style))("a chart, %s", (_scheme, colours) => {
  const grounds = ["ground", "box", "group", ...circuits]
  test.each(grounds)("shows its words on %s so that they can be read", (ground) => {
    expect(contrast(colours.get("ink"), colours.get(ground))).toBeGreaterThanOrEqual(4.5)
    expect(contrast(colours.get("soft"), colours.get(ground))).toBeGreaterThanOrEqual(4.5)
  })
})

test("no outcome is told by its colour alone, neither in the series nor in its legend", () => {
  const css = read("visualizations/inspector/page.css")
  const signs = ["success", "failure", "timedOut", "refused"].map(
    (outcome) => new RegExp(`\\.key\\.${outcome}::before \\{\\s+content: "(\\S)`).exec(css)?.[1] ?? "■",
  )
  expect(new Set(signs).size).toBe(4)
  expect(css).toMatch(/\.series \.refused \{\s+fill: none;/)
  expect(read("visualizations/inspector/series.ts")).toMatch(/failure: "M[^"]+", timedOut: "M[^"]+"/)
})

test("no state is told by its colour alone", async () => {
  const format = read("visualizations/inspector/format.ts")
  const shapes = [...format.matchAll(/^ {2}(\w+): "(\S)"/gm)]
    .filter(([, name = ""]) => circuits.includes(name))
    .map(([, , shape]) => shape)
  expect(new Set(shapes).size).toBe(circuits.length)
})
