import { basename } from "node:path"
import ts from "typescript"
import { describe, expect, test } from "vitest"
import { read, typescriptUnder } from "../support/repository.ts"
import { exportsOf, headerOf, importsOf, parse, walk } from "../support/source.ts"

const parts = typescriptUnder("machines/strategies", "machines/components")
const charts = ["machines/breaker.ts", ...parts]
const nameOf = (path: string): string => basename(path, ".ts")

/** The sections of a chart's header, in their order. A section runs until the next one. */
const sections = ["Owns", "Hears", "Demands", "Laws"] as const

function sectionsOf(header: string): ReadonlyMap<string, string> {
  const split = header.split(new RegExp(`^(${sections.join("|")}):`, "m"))
  const pairs: [string, string][] = []
  for (let at = 1; at + 1 < split.length; at += 2) pairs.push([split[at] ?? "", (split[at + 1] ?? "").trim()])
  return new Map([["picture", (split[0] ?? "").trim()], ...pairs])
}

const lawsOf = (header: string): readonly number[] =>
  [...(sectionsOf(header).get("Laws") ?? "").matchAll(/^\s*(\d+)\. \S/gm)].map(([, number]) => Number(number))

/** Every law that a title cites: `basic law 3`, or several of one chart at once, `basic laws 2, 3 and 5`. */
function citationsIn(title: string): readonly string[] {
  const cited = title.matchAll(/\b([a-zA-Z]\w*) laws? (\d+(?:(?:, | and )\d+)*)/g)
  return [...cited].flatMap(([, chart, numbers = ""]) =>
    (numbers.match(/\d+/g) ?? []).map((number) => `${chart} law ${number}`),
  )
}

/** The titles of tests: the first argument of a call of `test`, `it` or `describe`, tables and properties included. */
function titlesIn(path: string): readonly string[] {
  return [...walk(parse(path))].flatMap((node) => {
    if (!ts.isCallExpression(node) || !/^(?:test|it|describe)\b/.test(node.expression.getText())) return []
    const [title] = node.arguments
    return title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))
      ? [title.getText()]
      : []
  })
}

const cited = new Set(typescriptUnder("test").flatMap(titlesIn).flatMap(citationsIn))

/** The texts of the array or string that a chart's file gives to a property, `hears: […]` or `key: "…"`. */
function propertyOf(path: string, name: string): readonly string[] {
  return [...walk(parse(path))].flatMap((node) => {
    if (!ts.isPropertyAssignment(node) || node.name.getText() !== name) return []
    const { initializer } = node
    const values: readonly ts.Expression[] = ts.isArrayLiteralExpression(initializer)
      ? initializer.elements
      : [initializer]
    return values.flatMap((value) => (ts.isStringLiteralLike(value) ? [value.text] : []))
  })
}

describe("every machine file", () => {
  test.each(charts)("%s opens with a picture, then Owns, Hears, Demands, Laws", (path) => {
    const found = sectionsOf(headerOf(read(path)))
    expect([...found.keys()]).toEqual(["picture", ...sections])
    expect([...found].filter(([, text]) => text === "")).toEqual([])
  })

  test.each(charts)("%s numbers its laws from 1", (path) => {
    const laws = lawsOf(headerOf(read(path)))
    expect(laws.length).toBeGreaterThan(0)
    expect(laws).toEqual(laws.map((_, index) => index + 1))
  })

  test.each(charts)("%s has each law cited by the title of a test", (path) => {
    const laws = lawsOf(headerOf(read(path))).map((number) => `${nameOf(path)} law ${number}`)
    expect(laws.filter((law) => !cited.has(law))).toEqual([])
  })

  test("has laws that exist wherever a title cites one", () => {
    const stated = new Set(
      charts.flatMap((path) => lawsOf(headerOf(read(path))).map((law) => `${nameOf(path)} law ${law}`)),
    )
    const names = charts.map(nameOf)
    const dangling = [...cited].filter((law) => names.includes(law.split(" ")[0] ?? "") && !stated.has(law))
    expect(dangling).toEqual([])
  })

  test.each(parts)("%s hears in its header what it hears in its code", (path) => {
    const told = (sectionsOf(headerOf(read(path))).get("Hears") ?? "").match(/\b[a-z]\w*\.[a-zA-Z]\w*\b/g) ?? []
    expect([...told].sort()).toEqual([...propertyOf(path, "hears")].sort())
  })

  test.each(parts)("%s exports what it is called, under that key, with a chart of that name", (path) => {
    expect(exportsOf(parse(path))).toContain(nameOf(path))
    expect(propertyOf(path, "key")).toContain(nameOf(path))
    const ids = propertyOf(path, "id")
    expect(ids.length === 0 || ids.includes(nameOf(path))).toBe(true)
  })

  test("is in the registry, and the registry holds nothing else", () => {
    const registered = importsOf(parse("machines/registry.ts"))
      .map(({ specifier }) => specifier.replace("./", "machines/"))
      .filter((path) => /^machines\/(?:strategies|components)\//.test(path))
    expect([...registered].sort()).toEqual([...parts].sort())
  })
})

describe("the reader of headers", () => {
  test("finds the sections and the laws", () => {
    const header = headerOf(
      "/**\n * A gate.\n *\n * Owns: x.\n * Hears: a.rang\n * Demands: nothing.\n * Laws:\n *   1. One.\n *   2. Two\n *      lines.\n */\ncode()\n",
    )
    expect(lawsOf(header)).toEqual([1, 2])
    expect([...sectionsOf(header).keys()]).toEqual(["picture", "Owns", "Hears", "Demands", "Laws"])
  })

  test("finds the laws that a title cites", () => {
    expect(citationsIn("basic laws 2, 3 and 5; timeout law 1: it holds")).toEqual([
      "basic law 2",
      "basic law 3",
      "basic law 5",
      "timeout law 1",
    ])
  })
})
