import { posix } from "node:path"
import { describe, expect, test } from "vitest"
import { typescriptUnder } from "../support/repository.ts"
import { importsOf, parse } from "../support/source.ts"

/**
 * Imports go one way: integrations → Breaker → {control-plane → machines, data-plane} → machines/vocabulary.
 * The first zone that holds a file rules it. What a file imports is written `/path/from/the/root.ts` for a file of
 * ours, and as it is for a package; an import that fits none of `may` breaks the rule.
 */
interface Zone {
  readonly rule: string
  readonly holds: RegExp
  readonly may: readonly RegExp[]
}

const vocabulary = /^\/machines\/vocabulary\//
const machines = /^\/machines\//
const publicModules = /^\/src\/\w+\.ts$/
/** Never the barrel `effect`: it triples the size of a door and the time to load it. */
const libraries = [/^xstate$/, /^effect\//, /^node:/]
const inMachines = [/^xstate$/, /^effect\/(?:Schema|Duration)$/]

const zones: readonly Zone[] = [
  { rule: "machines/vocabulary imports only itself", holds: vocabulary, may: [vocabulary] },
  {
    rule: "a strategy or component imports xstate, effect/Schema, effect/Duration and what machines/ shares; never another",
    holds: /^\/machines\/(?:strategies|components)\//,
    may: [...inMachines, vocabulary, /^\/machines\/(?!breaker\.|registry\.)\w+\.ts$/],
  },
  {
    rule: "machines/ imports only xstate, effect/Schema, effect/Duration and itself",
    holds: machines,
    may: [...inMachines, machines],
  },
  {
    rule: "src/data-plane imports only machines/vocabulary and itself",
    holds: /^\/src\/data-plane\//,
    may: [vocabulary, /^\/src\/data-plane\//],
  },
  {
    rule: "src/control-plane imports machines/, xstate, effect and itself; never the data plane, nor who introduces them",
    holds: /^\/src\/control-plane\//,
    may: [...libraries, machines, /^\/src\/control-plane\//],
  },
  {
    rule: "src/observability/xstate4 imports ws, which is the user's, and what src/observability may",
    holds: /^\/src\/observability\/xstate4\//,
    may: [...libraries, /^ws$/, machines, /^\/src\/observability\//],
  },
  {
    rule: "src/observability imports machines/, xstate, effect, what breakers say (events), the layouts of the atlas and itself",
    holds: /^\/src\/observability\//,
    may: [
      ...[...libraries, machines, /^\/src\/events\.ts$/, /^\/src\/observability\//],
      /^\/visualizations\/atlas\/layouts\.json$/,
    ],
  },
  {
    rule: "an integration imports the public modules, the vocabulary and its neighbour; never another integration, nor a plane",
    holds: /^\/src\/integrations\//,
    may: [/^[^/]/, vocabulary, publicModules],
  },
  {
    rule: "src/testing imports what it tests with; never an integration, nor the command",
    holds: /^\/src\/testing\//,
    may: [...libraries, machines, /^\/src\/(?!integrations\/|cli\/)/],
  },
  {
    rule: "the reader of --config imports the file that the user names, and node",
    holds: /^\/src\/cli\/simulate\/givenConfig\.ts$/,
    may: [/^node:/, /^\(computed\) pathToFileURL\(path\)\.href$/],
  },
  {
    rule: "src/cli imports what a user can, commander and itself; never a plane",
    holds: /^\/src\/cli\//,
    may: [...libraries, /^commander$/, machines, publicModules, /^\/src\/(?:cli|integrations|testing|observability)\//],
  },
  {
    rule: "the public modules import the planes, machines/, xstate and effect; never integrations, testing or cli",
    holds: publicModules,
    may: [...libraries, machines, publicModules, /^\/src\/(?:data-plane|control-plane|observability)\//],
  },
]

/** The imports of a file that its zone does not allow. */
function strays(path: string, text?: string): readonly string[] {
  const zone = zones.find(({ holds }) => holds.test(`/${path}`))
  if (zone === undefined) return [`${path} is in no zone of test/tidy/imports.test.ts: say there what it may import`]
  return importsOf(parse(path, text)).flatMap(({ specifier, line }) => {
    const target = specifier.startsWith(".") ? posix.join("/", posix.dirname(path), specifier) : specifier
    return zone.may.some((allowed) => allowed.test(target)) ? [] : [`${path}:${line} imports ${target}: ${zone.rule}`]
  })
}

describe("imports go one way", () => {
  test("in every file of machines/ and src/", () => {
    const files = typescriptUnder("machines", "src")
    expect(files.length).toBeGreaterThan(0)
    expect(files.flatMap((path) => strays(path))).toEqual([])
  })

  test.each([
    ["machines/vocabulary/gate.ts", 'import { x } from "xstate"'],
    ["machines/strategies/basic.ts", 'import type { G } from "./gradual.ts"'],
    ["machines/components/metrics.ts", 'export * from "../strategies/basic.ts"'],
    ["machines/breaker.ts", 'import * as Effect from "effect/Effect"'],
    ["machines/breaker.ts", 'import { Breaker } from "../src/Breaker.ts"'],
    ["src/data-plane/meter.ts", 'type A = import("xstate").AnyActor'],
    ["src/data-plane/meter.ts", 'const late = await import("../control-plane/clock.ts")'],
    ["src/control-plane/conductor.ts", 'import { meter } from "../data-plane/meter.ts"'],
    ["src/control-plane/conductor.ts", 'import { Effect } from "effect"'],
    ["src/integrations/fetch.ts", 'import { other } from "./undici.ts"'],
    ["src/Breaker.ts", 'import { main } from "./cli/main.ts"'],
  ])("or the rule says so: %s may not say %s", (path, text) => {
    expect(strays(path, text)).toHaveLength(1)
  })

  test.each([
    ["machines/strategies/basic.ts", 'import { strategy } from "../plug.ts"'],
    ["src/Breaker.ts", 'import { meter } from "./data-plane/meter.ts"'],
    ["src/integrations/undici.ts", 'import { Agent } from "undici"'],
  ])("and lets pass what is right: %s says %s", (path, text) => {
    expect(strays(path, text)).toEqual([])
  })
})

test("a test draws its cases through test/support/property.ts, which gives all of them one seed", () => {
  const tests = typescriptUnder("test").filter((path) => path.endsWith(".test.ts"))
  expect(tests.length).toBeGreaterThan(100)
  const drawn = tests.filter((path) => importsOf(parse(path)).some(({ specifier }) => specifier === "fast-check"))
  expect(drawn).toEqual([])
})
