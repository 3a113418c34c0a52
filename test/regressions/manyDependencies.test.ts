/** What a review of breakers that depend on each other found: each test is named after what went wrong. */
import { type Breaker, type BreakerConfig, createBreaker, createBreakers, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { DependencyIn } from "../../machines/needing.ts"
import { failing, times, trip, working } from "../support/breakers.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 5 } } as const
const plain: BreakerConfig = { strategy: own }
const depends = (dependencies: { readonly [id: string]: DependencyIn } = {}): BreakerConfig => ({
  strategy: { type: "dependency", own, dependencies },
})

function house() {
  const clock = createVirtualClock()
  const make = (name: string, config: BreakerConfig = depends()) => createBreaker(name, config, { clock })
  return { clock, make }
}

const dependenciesOf = (breaker: Breaker) => breaker.metrics().components.dependency?.dependencies ?? {}

const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems.map(({ path, rule }) => `${path}: ${rule}`)
    throw error
  }
  return []
}

describe("dependencies by name", () => {
  test("that were called __proto__ were never heard of", async () => {
    const { make } = house()
    const proto = make("__proto__", plain)
    const added = make("added")
    added.addDependency(proto, { type: "critical" })
    const declared = make("declared", depends(JSON.parse('{ "__proto__": { "type": "critical" } }')))
    await trip(proto)
    expect(added.wouldReject()).toMatchObject({ reason: "__proto__ is open" })
    expect(declared.wouldReject()).toMatchObject({ reason: "__proto__ is open" })
    expect(Object.keys(dependenciesOf(added))).toEqual(["__proto__"])
  })
})

describe("a name that two bear", () => {
  test("was nobody's when the second one could not be made", async () => {
    const { make } = house()
    const first = make("db", plain)
    const over = make("over", depends({ db: { type: "critical" } }))
    expect(problemsOf(() => make("db", depends({ over: { type: "critical" }, db: { type: "critical" } })))).not.toEqual(
      [],
    )
    const later = make("later", depends({ db: { type: "critical" } }))
    await trip(first)
    for (const breaker of [over, later]) expect(breaker.wouldReject()).toMatchObject({ reason: "db is open" })
  })

  test("was nobody's when the second one had stopped", async () => {
    const { make } = house()
    const first = make("db", plain)
    const second = make("db", plain)
    const shop = make("shop", depends({ db: { type: "critical" } }))
    await trip(second)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    await second.stop()
    expect(dependenciesOf(shop)).toMatchObject({ db: { circuit: "closed" } })
    await trip(first)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
  })
})

describe("a dependency that the config names", () => {
  test("and that was removed at run time was not heard of when the config came again", async () => {
    const { make } = house()
    const db = make("db", plain)
    const config = depends({ db: { type: "critical" } })
    const shop = make("shop", config)
    shop.removeDependency(db)
    shop.reconfigure(config)
    expect(dependenciesOf(shop)).toMatchObject({ db: { type: "critical", circuit: "closed" } })
    await trip(db)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
  })

  test("and that was removed and added by hand was lost with the next config, though it could not be added again", async () => {
    const { make } = house()
    const db = make("db", plain)
    const shop = make("shop", depends({ db: { type: "critical" } }))
    shop.removeDependency(db)
    shop.addDependency(db, { type: "critical" })
    shop.reconfigure(depends())
    await trip(db)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    shop.removeDependency(db)
    expect(dependenciesOf(shop)).toEqual({})
  })

  test("and that was replaced by hand stayed as it was by hand when the config came again", async () => {
    const { make } = house()
    const db = make("db", plain)
    const config = depends({ db: { type: "critical" } })
    const shop = make("shop", config)
    await trip(db)
    shop.removeDependency(db)
    shop.addDependency(db, { type: "optional" })
    shop.reconfigure(config)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    expect(dependenciesOf(shop)).toMatchObject({ db: { type: "critical" } })
  })
})

describe("another config", () => {
  const timeoutOf = (breaker: Breaker) => breaker.metrics().components.timeout?.state

  test("that closes a cycle through one of many keys was taken by those before it", () => {
    const { clock, make } = house()
    const keyed = createBreakers({ config: () => depends() }, { clock })
    const [one, two, three] = ["one", "two", "three"].map((key) => keyed.get(key)) as [Breaker, Breaker, Breaker]
    make("top").addDependency(two, { type: "critical" })
    const config = { ...depends({ top: { type: "critical" } }), timeout: 77 } as const
    expect(problemsOf(() => keyed.reconfigure(() => config))).toEqual([
      "dependency: must not close a cycle: two → top → two",
    ])
    for (const breaker of [one, two, three]) {
      expect(dependenciesOf(breaker)).toEqual({})
      expect(timeoutOf(breaker)).toBe("cold")
    }
  })

  test("that closes a cycle only by what two keys take together was taken by the first", () => {
    const { clock, make } = house()
    const keyed = createBreakers({ config: () => depends() }, { clock })
    const [a, b] = ["a", "b"].map((key) => keyed.get(key)) as [Breaker, Breaker]
    make("x").addDependency(b, { type: "critical" })
    make("y").addDependency(a, { type: "critical" })
    const config = (key: string) => depends({ [key === "a" ? "x" : "y"]: { type: "critical" } })
    expect(problemsOf(() => keyed.reconfigure(config))).toEqual([
      "dependency: must not close a cycle: b → y → a → x → b",
    ])
    expect([dependenciesOf(a), dependenciesOf(b)]).toEqual([{}, {}])
  })

  test("that names too many beside those added at run time was taken half", () => {
    const { make } = house()
    const shop = make("shop")
    for (let at = 0; at < 999; at++) shop.addDependency(`d${at}`, { type: "optional" })
    const config = { ...depends({ x: { type: "critical" }, y: { type: "critical" } }), timeout: 77 } as const
    expect(problemsOf(() => shop.reconfigure(config))).toEqual([
      "dependencies: must not be more than 1000, those that were added at run time included",
    ])
    expect(dependenciesOf(shop)).not.toHaveProperty("x")
    expect(timeoutOf(shop)).toBe("cold")
    shop.reconfigure(depends({ x: { type: "critical" }, d7: { type: "critical" } }))
    expect(Object.keys(dependenciesOf(shop))).toHaveLength(1000)
  })
})

describe("a dependency that would have closed a cycle", () => {
  async function crossed() {
    const { make } = house()
    const first = make("b", plain)
    const a = make("a", depends({ b: { type: "critical" } }))
    const second = make("b", depends({ a: { type: "critical" } }))
    await first.stop()
    expect(dependenciesOf(a)).toMatchObject({ b: { circuit: "unknown" } })
    return { a, second }
  }

  test("stayed unknown for ever when nothing stood in its way any more", async () => {
    const { a, second } = await crossed()
    second.removeDependency("a")
    expect(dependenciesOf(a)).toMatchObject({ b: { circuit: "closed" } })
    await trip(second)
    expect(a.wouldReject()).toMatchObject({ reason: "b is open" })
  })

  test("stayed unknown for ever when another config had let go of what stood in its way", async () => {
    const { a, second } = await crossed()
    second.reconfigure(depends())
    await trip(second)
    expect(a.wouldReject()).toMatchObject({ reason: "b is open" })
  })

  test("kept its breaker from taking any config that names it", async () => {
    const { a } = await crossed()
    a.reconfigure({ ...depends({ b: { type: "critical" } }), timeout: 77 })
    expect(a.metrics().components.timeout).toMatchObject({ timeoutMs: 77 })
  })
})

describe("what a dependency costs", () => {
  const enduring = { type: "basic", window: { type: "consecutive", failures: 1000 } } as const
  const classify: BreakerConfig["classify"] = ({ ok }) => (ok ? "success" : { kind: "failure", dependency: "db" })
  const shopOf = (make: ReturnType<typeof house>["make"], config: BreakerConfig = {}) => {
    const dependencies = { db: { type: "required" }, mail: { type: "optional" } } as const
    return make("shop", { strategy: { type: "dependency", own: enduring, dependencies }, ...config })
  }
  const seconds = (count: number, { clock }: ReturnType<typeof house>, run: () => Promise<unknown>) =>
    times(count, async () => {
      await times(60, run)
      await clock.advance("1 second")
    })

  test("was measured as nothing while its failures were charged to it, and all calls went on in vain", async () => {
    const { clock, make } = house()
    const [db, mail, shop] = [make("db", plain), make("mail", plain), shopOf(make, { classify })]
    await seconds(3, { clock, make }, () => shop.tryExecute(working))
    db.forceOpen("test")
    await seconds(3, { clock, make }, () => shop.tryExecute(failing))
    expect(shop.metrics().calls).toMatchObject({ failure: 0 })
    expect(dependenciesOf(shop)["db"]?.measured).toBeGreaterThan(0.9)
    mail.forceOpen("another that moves")
    expect(dependenciesOf(shop)["db"]).toMatchObject({ since: 3000, impact: 0.9 })
    expect(shop.metrics().components.dependency?.derived).toBe("impaired")
  })

  test.each([
    ["nothing, and half of the calls were held back all the same", working, 60],
    ["all, and half of the calls went on in vain", failing, 6],
  ])("was seen to be %s, for as long as nothing moved", async (_, work, admitted) => {
    const { clock, make } = house()
    const [db, shop] = [make("db", plain), shopOf(make)]
    await seconds(3, { clock, make }, () => shop.tryExecute(working))
    db.forceOpen("test")
    await seconds(3, { clock, make }, () => shop.tryExecute(work))
    const before = shop.metrics().calls.admitted
    await times(60, () => shop.tryExecute(work))
    expect(shop.metrics().calls.admitted - before).toBe(admitted)
  })
})

describe("a failure that is charged", () => {
  const blaming: BreakerConfig = {
    ...depends({ db: { type: "critical" } }),
    classify: ({ ok }) => (ok ? "success" : { kind: "failure", dependency: "db" }),
  }

  test("to a dependency that is well was nobody's when a breaker that has nothing to do with it had refused the call", async () => {
    const { make } = house()
    const [, stranger, shop] = [make("db", plain), make("stranger", plain), make("shop", blaming)]
    stranger.forceOpen("test")
    await shop.tryExecute(() => stranger.execute(working))
    expect(shop.metrics().calls).toMatchObject({ failure: 1, ignored: 0 })
  })

  test("while its breaker stops was told as the trouble of a name that it does not have", async () => {
    const { make } = house()
    const [, shop] = [make("db", plain), make("shop", blaming)]
    const troubles: unknown[] = []
    shop.on("trouble", ({ error }) => troubles.push(error))
    let end = (_: Error): void => {}
    const call = shop.tryExecute(() => new Promise((_, reject) => (end = reject)))
    const stopped = shop.stop()
    end(new Error("no answer"))
    await Promise.all([call, stopped])
    expect(troubles).toEqual([])
  })
})

describe("a dependency that recovers step by step", () => {
  test("was told of with the share of its first step until it was closed", async () => {
    const { clock, make } = house()
    const db = make("db", { strategy: "gradual" })
    const shop = make("shop", depends({ db: { type: "required", impact: 1 } }))
    await trip(db)
    const seen = new Set<number>()
    for (let call = 0; call < 1000 && db.circuit !== "closed"; call++) {
      await db.tryExecute(working)
      if (db.circuit === "ramping") seen.add(dependenciesOf(shop)["db"]?.health ?? 0)
      if (call % 10 === 0) await clock.advance("100 millis")
    }
    expect(db.circuit).toBe("closed")
    expect(seen.size).toBeGreaterThan(2)
    expect(dependenciesOf(shop)).toMatchObject({ db: { health: 1 } })
  })
})
