/** What a message offers is accepted: every option of every part is given what is wrong, and then whatever the message says is right. */
import { InvalidConfig, type Problem } from "recloser"
import { describe, expect, test } from "vitest"
import { make } from "../support/refusals.ts"

type Path = readonly string[]
type Config = { readonly [option: string]: unknown }

/** As much as each part needs to be there at all; options are looked for in all of these. */
const bases: { readonly [name: string]: Config } = {
  "the default": {},
  basic: { strategy: { type: "basic" } },
  "a window of calls": { strategy: { type: "basic", window: { type: "count" } } },
  "a window of failures in a row": { strategy: { type: "basic", window: { type: "consecutive" } } },
  dependency: {
    strategy: { type: "dependency", own: { type: "basic" }, dependencies: { ledger: { type: "critical" } } },
  },
  candidate: { candidate: { type: "basic" } },
  rateLimit: { rateLimit: { limit: 5, limits: [{ limit: 4 }], perKey: { limit: 1 } } },
  prediction: { prediction: { gauges: { heap: { limit: 1 } } } },
  recovery: { recovery: { features: { pay: { required: true }, refund: { needs: ["pay"] } } } },
  discovery: { discovery: { endpoints: [{ address: "a:1" }], where: {} } },
  health: { health: {} },
  retry: { retry: {} },
}

const problemsOf = (config: unknown): readonly Problem[] => {
  try {
    void make(config).stop()
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfig)
    return (error as InvalidConfig).problems
  }
}

/** The same config with something else at that place. */
function put(config: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  const around = (typeof config === "object" && config !== null ? config : {}) as Config
  if (!Array.isArray(around)) return { ...around, [key]: put(around[key], rest, value) }
  return around.map((one, index) => (String(index) === key ? put(one, rest, value) : one))
}

const pathOf = (path: Path): string =>
  path.reduce((all, key) => (/^\d+$/.test(key) ? `${all}[${key}]` : `${all}.${key}`), "config")

const at = (config: unknown, path: Path): unknown =>
  path.reduce((one, key) => (one as Config | undefined)?.[key], config)

/** The options that there are at that place, as the message for one that there is not tells them. */
function optionsAt(base: Config, path: Path): readonly string[] {
  const there = at(base, path)
  const own = typeof there === "object" && there !== null ? Object.keys(there) : []
  const isList = Array.isArray(there)
  const asked = isList ? base : put(base, [...path, "nothing called so"], 1)
  const told = problemsOf(asked).find(({ path: where }) => where === `${pathOf(path)}.nothing called so`)?.rule ?? ""
  return [...new Set([...own, ...(told.match(/known: (.*)$/)?.[1]?.split(", ") ?? [])])].filter((key) => key !== "type")
}

/** Every option, with the path to it. */
function optionsOf(base: Config, path: Path = []): readonly Path[] {
  const inner = optionsAt(base, path).map((key) => [...path, key])
  return inner.flatMap((each) => [each, ...(each.length < 5 ? optionsOf(base, each) : [])])
}

const quoted = (text: string): unknown => (/^["[{\d-]/.test(text) ? JSON.parse(text) : text)

/** What a rule says is right, as values: switches, examples and words. */
function offersOf(rule: string): readonly unknown[] {
  const switches = /\bfalse$/.test(rule) ? [false, ...(/\btrue or false$/.test(rule) ? [true] : [])] : []
  const [, example] = rule.match(/such as ("[^"]*"|\[[^\]]*\])/) ?? []
  const [, words] = rule.match(/must be one of ([^;(]*?)(?:, or an object with .*|, true or false| or false)?$/) ?? []
  return [...switches, ...(example === undefined ? [] : [quoted(example)]), ...(words?.split(/, | or /) ?? [])]
}

/** The bounds of a number or a duration. */
function boundsOf(rule: string): readonly unknown[] {
  const [, kind, from, to] =
    rule.match(/^must be a (?:whole )?(number|duration) from (.+?) to ([\d.]+(?: [a-z]+)?)/) ?? []
  return [from, to].filter((bound) => bound !== undefined).map((bound) => (kind === "number" ? Number(bound) : bound))
}

interface Said {
  readonly base: Config
  readonly path: Path
  readonly rule: string
}

/** What is told of each option that is given what is nowhere right. */
function* saidOf(base: Config): Generator<Said> {
  const own = Object.keys(base)
  for (const path of optionsOf(base).filter(([part]) => own.length === 0 || own.includes(part as string)))
    for (const value of ["such a thing is nowhere right", -1e9, 5n, [[]]])
      for (const { path: where, rule } of problemsOf(put(base, path, value)))
        if (where === pathOf(path)) yield { base, path, rule }
}

const rulesAgainst = ({ base, path }: Said, offer: unknown): readonly string[] =>
  problemsOf(put(base, path, offer)).flatMap(({ path: where, rule }) => (where === pathOf(path) ? [rule] : []))

describe("what a message of a config offers", () => {
  const said = Object.values(bases).flatMap((base) => [...saidOf(base)])

  test("is looked for everywhere", () => {
    for (const base of Object.values(bases)) expect(problemsOf(base)).toEqual([])
    expect(new Set(said.map(({ path }) => path.join("."))).size).toBeGreaterThan(120)
  })

  test("is accepted at that place: switches, examples and words", () => {
    const offered = new Map<string, boolean>()
    for (const one of said)
      for (const offer of offersOf(one.rule)) {
        const key = `${pathOf(one.path)}: ${one.rule}: ${JSON.stringify(offer)}`
        // Some need another option beside them, which one of the configs has.
        offered.set(key, offered.get(key) === true || rulesAgainst(one, offer).length === 0)
      }
    expect([...offered].flatMap(([key, isAccepted]) => (isAccepted ? [] : [key]))).toEqual([])
    expect(offered.size).toBeGreaterThan(100)
  })

  test("is within its own bounds: only a rule about another option may speak against them", () => {
    const offered = said.flatMap((one) => boundsOf(one.rule).map((bound) => ({ one, bound })))
    for (const { one, bound } of offered)
      for (const rule of rulesAgainst(one, bound)) {
        expect(rule, pathOf(one.path)).not.toBe(one.rule)
        expect(rule, pathOf(one.path)).toMatch(/than|above|limit|between/)
      }
    expect(offered.length).toBeGreaterThan(200)
  })
})
