import ts from "typescript"
import { describe, expect, test } from "vitest"
import { filesUnder, read, typescriptUnder } from "../support/repository.ts"
import { lineOf, parse, walk } from "../support/source.ts"

interface Ban {
  readonly word: string
  readonly pattern: RegExp
  readonly instead: string
  /** The files that may not say it; if not stated, all. */
  readonly among?: RegExp
}

const code = /\.[jt]s$/

/** This file names what it forbids. */
const itself = /^test\/tidy\/words\.test\.ts$/

const bans: readonly Ban[] = [
  { word: "an unfinished note", pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, instead: "finish it, or file an issue" },
  { word: "as any", pattern: /\bas any\b|<any>/, instead: "say the type, or narrow from unknown", among: code },
  { word: "@ts-ignore", pattern: /@ts-(?:ignore|nocheck)/, instead: "fix the type", among: code },
  {
    word: "@ts-expect-error",
    pattern: /@ts-expect-error/,
    instead: "only a type test may expect one",
    among: /^(?!test\/types\/).*\.[jt]s$/,
  },
  { word: "debugger", pattern: /^\s*debugger\b/m, instead: "remove it", among: code },
  {
    word: "a path of somebody's machine",
    pattern: /(?:^|[\s"'`(=:])\/(?:home|root|work|Users|mnt|opt)\/\w/m,
    instead: "name it from the repository's root",
  },
]

/** The hosts that a file may name; everything else is somebody's network, or a link that rots unseen. */
const hosts =
  /^(?:localhost|127\.0\.0\.1|\[::1?\]|0\.0\.0\.0|(?:[\w-]+\.)*example(?:\.com|\.org|\.net)?|(?:[\w-]+\.)*(?:test|invalid)|github\.com|keepachangelog\.com|semver\.org|developer\.mozilla\.org|www\.rfc-editor\.org|doi\.org|arxiv\.org|www\.w3\.org|stately\.ai|effect\.website)$/

const url = /\bhttps?:\/\/([^\s/"'`<>)}\\$:]+|\[[^\]]*\])/g

/** A picture has no words, and bytes that look like one. */
const picture = /\.png$/

const written = filesUnder("").filter(
  (path) => path !== "package-lock.json" && path !== "LICENSE" && !itself.test(path) && !picture.test(path),
)

function banned(path: string, text: string): readonly string[] {
  return bans.flatMap(({ word, pattern, instead, among }) => {
    const at = among === undefined || among.test(path) ? text.search(pattern) : -1
    return at < 0 ? [] : [`${path}:${text.slice(0, at).split("\n").length} has ${word}: ${instead}`]
  })
}

const strangeHosts = (path: string, text: string): readonly string[] =>
  [...text.matchAll(url)].flatMap(([, host = ""]) => (hosts.test(host) ? [] : [`${path} names the host ${host}`]))

describe("banned words", () => {
  test("stand in no file", () => {
    expect(written.flatMap((path) => banned(path, read(path)))).toEqual([])
  })

  test.each([
    "// TODO: later",
    "const x = y as any",
    "// @ts-ignore",
    "// @ts-expect-error",
    "  debugger",
    'const path = "/home/me/x"',
  ])("would be found: %s", (text) => {
    expect(banned("src/a.ts", text)).toHaveLength(1)
  })

  test("hosts that are not ours stand in no file", () => {
    expect(written.flatMap((path) => strangeHosts(path, read(path)))).toEqual([])
    expect(strangeHosts("a.md", "see https://registry.somewhere.dev/x and http://localhost:80/")).toHaveLength(1)
  })

  test("the lock file names no registry, so that any may serve it", () => {
    // The workspace of the tests is a folder, and named.
    expect(read("package-lock.json")).not.toMatch(/"resolved": "(?!test\/)/)
  })
})

/** What reads the world: time and chance come from the clock and the seed alone, so that everything can be replayed. */
const ambient = new Set([
  "Date.now",
  "performance.now",
  "performance.timeOrigin",
  "process.hrtime",
  "process.uptime",
  "Math.random",
  "crypto.randomUUID",
  "crypto.getRandomValues",
])
const timers = new Set(["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"])

/** The clock; the command and the testing door, which stand for the world outside. */
const mayReadTheWorld = /^src\/(?:Clock\.ts|cli\/|testing\/)/

function worldly(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.getText().replace(/^globalThis\./, "")
    return ambient.has(name) || timers.has(name) ? name : undefined
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length) return "new Date()"
  return ts.isIdentifier(node) && timers.has(node.text) && !isOnlyName(node) ? node.text : undefined
}

/** The name of a member, as in `clock.setTimeout` or `{ setTimeout: … }`, is not the global function of that name. */
const isOnlyName = (node: ts.Identifier): boolean =>
  ts.isPropertyAccessExpression(node.parent) ||
  (!ts.isShorthandPropertyAssignment(node.parent) && "name" in node.parent && node.parent.name === node)

const found = (
  path: string,
  text: string | undefined,
  match: (node: ts.Node) => string | undefined,
): readonly string[] =>
  [...walk(parse(path, text))].flatMap((node) => {
    const name = match(node)
    return name === undefined ? [] : [`${path}:${lineOf(node)} ${name}`]
  })

describe("time and chance", () => {
  test("are read only by the clock, the command and the testing door", () => {
    const files = typescriptUnder("machines", "src").filter((path) => !mayReadTheWorld.test(path))
    expect(files.flatMap((path) => found(path, undefined, worldly))).toEqual([])
  })

  test("never pass in a test by chance: no Math.random, and no sleeping", () => {
    const files = typescriptUnder("test").filter((path) => !/^test\/bench\//.test(path) && !itself.test(path))
    const slept = (node: ts.Node) =>
      /^(?:Math\.random|setTimeout)$/.test(worldly(node) ?? "") ? worldly(node) : undefined
    expect(files.flatMap((path) => found(path, undefined, slept))).toEqual([])
  })

  test.each([
    "Date.now()",
    "new Date()",
    "globalThis.setTimeout(f, 1)",
    "const later = setTimeout",
    "const host = { setTimeout }",
    "Math.random()",
    "performance.now()",
  ])("would be found: %s", (text) => {
    expect(found("src/a.ts", text, worldly)).toHaveLength(1)
  })

  test.each([
    "new Date(0)",
    "clock.setTimeout(f, 1)",
    "const clock = { setTimeout: f }",
    "// Date.now()",
    'const name = "Math.random"',
  ])("are not: %s", (text) => {
    expect(found("src/a.ts", text, worldly)).toEqual([])
  })
})

/** The data plane answers at once: nothing in it waits. */
function waits(node: ts.Node): string | undefined {
  if (ts.isAwaitExpression(node)) return "await"
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return "async"
  return ts.isIdentifier(node) && /^(?:Promise|PromiseLike|queueMicrotask)$/.test(node.text) ? node.text : undefined
}

describe("the data plane", () => {
  test("is synchronous: no promise, no await, no async function", () => {
    const files = typescriptUnder("src/data-plane")
    expect(files.length).toBeGreaterThan(0)
    expect(files.flatMap((path) => found(path, undefined, waits))).toEqual([])
  })

  test.each(["async () => 1", "Promise.resolve(1)", "let x: Promise<number>"])("would say so: %s", (text) => {
    expect(found("src/data-plane/a.ts", text, waits)).toHaveLength(1)
  })
})

/** A call that defines a test which will not run, or not with the others. */
function leavesOut(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined
  const name = node.expression.getText().replace(/\(.*/s, "")
  const narrowed = /^(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|todo|only|skipIf|runIf|fails)\b/.test(name)
  return narrowed || /^x(?:it|test|describe)$/.test(name) ? name : undefined
}

describe("tests", () => {
  test("all run: none is skipped, left for later, or run alone", () => {
    expect(typescriptUnder("test").flatMap((path) => found(path, undefined, leavesOut))).toEqual([])
  })

  test.each(["test.skip('a', f)", "it.effect.only('a', f)", "describe.skipIf(x)('a', f)", "xit('a', f)"])(
    "would be found: %s",
    (text) => {
      expect(found("test/a.test.ts", text, leavesOut).length).toBeGreaterThan(0)
    },
  )
})
