/** The strategy `dependency` through the promise door: whole breakers that hear each other. */
import {
  attach,
  type Breaker,
  type BreakerConfig,
  CallRejected,
  createBreaker,
  createBreakers,
  InvalidConfig,
} from "recloser"
import { breakerLogic } from "recloser/machines"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { createActor } from "xstate"
import { fail, failing, succeed, trip, working } from "../support/breakers.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 5 } } as const
const plain: BreakerConfig = { strategy: own }
type Table = Extract<BreakerConfig["strategy"], { readonly type: "dependency" }>["dependencies"]
const depends = (dependencies: Table = {}): BreakerConfig => ({ strategy: { type: "dependency", own, dependencies } })

const house = () => {
  const clock = createVirtualClock()
  const make = (name: string, config: BreakerConfig = depends()) => createBreaker(name, config, { clock })
  return { clock, make }
}

/** `payments` needs `ledger`, which needs `db`. */
function threeDeep() {
  const { clock, make } = house()
  const db = make("db", plain)
  const ledger = make("ledger")
  const payments = make("payments")
  ledger.addDependency(db, { type: "critical" })
  payments.addDependency(ledger, { type: "critical" })
  const through = (work: () => Promise<unknown> = working) =>
    payments.tryExecute(() => ledger.execute(() => db.execute(work)))
  return { clock, make, db, ledger, payments, through }
}

const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfig)
    return (error as InvalidConfig).problems.map(({ path, rule }) => `${path}: ${rule}`)
  }
  throw new Error("nothing was refused")
}

const graphOf = (breaker: Breaker) => {
  const { dependency } = breaker.metrics().components
  if (dependency === undefined) throw new Error("no graph")
  return dependency
}

const reject = async (breaker: Breaker): Promise<CallRejected> => {
  const error: unknown = await breaker.execute(working).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(CallRejected)
  return error as CallRejected
}

describe("a chain of dependencies", () => {
  test("names its root in the rejections of all above, with the time at which that will probe", async () => {
    const { db, ledger, payments } = threeDeep()
    await trip(db)
    for (const breaker of [ledger, payments]) {
      const rejection = await reject(breaker)
      expect(rejection).toMatchObject({
        layer: "circuit",
        rule: "dependency",
        reason: "db is open",
        heldBy: ["dependency"],
        circuit: "closed",
        retryAfterMs: 5000,
      })
      expect(breaker.circuit).toBe("closed")
    }
    expect(graphOf(payments)).toMatchObject({
      own: "closed",
      derived: "blocked",
      cause: "db",
      dependencies: { ledger: { circuit: "closed", health: 0, cause: "db" } },
    })
  })

  test("recovers by calls from above alone: what blocks lets its probes through", async () => {
    const { clock, db, payments, through } = threeDeep()
    await trip(db)
    expect(await through()).toMatchObject({ ok: false })
    await clock.advance("5 seconds")
    expect([db.circuit, payments.circuit]).toEqual(["halfOpen", "closed"])
    expect(payments.wouldReject()).toBeUndefined()
    expect(await through()).toEqual({ ok: true, value: "up" })
    expect(await through()).toEqual({ ok: true, value: "up" })
    expect(db.circuit).toBe("closed")
    expect(payments.wouldReject()).toBeUndefined()
    expect(graphOf(payments).derived).toBe("clear")
  })

  test("says whose probe places are taken, and blocks again when a probe fails", async () => {
    const { clock, db, payments, through } = threeDeep()
    await trip(db)
    await clock.advance("5 seconds")
    const hung = through(() => new Promise(() => {}))
    expect(await reject(payments)).toMatchObject({
      layer: "probe",
      rule: "dependency",
      reason: "db is half-open and every probe place is taken",
    })
    await clock.advance("31 seconds")
    expect(await hung).toMatchObject({ ok: false })
    expect(await reject(payments)).toMatchObject({ layer: "circuit", reason: "db is open" })
  })

  test("tells what its dependencies do to it, once per change", async () => {
    const { clock, db, payments, through } = threeDeep()
    const told: string[] = []
    payments.on("dependency", ({ to, reason, cause, at }) => told.push(`${at} ${to} ${cause} ${reason}`))
    await trip(db)
    await clock.advance("5 seconds")
    await through()
    await through()
    expect(told).toEqual(["0 blocked db db is open", "5000 blocked db db is half-open", "5000 clear undefined "])
  })

  test("hears the operator: forced open it blocks, bypassed and in shadow it does not", async () => {
    const { db, payments } = threeDeep()
    db.forceOpen("maintenance")
    expect(await reject(payments)).toMatchObject({ reason: "db is open", retryAfterMs: undefined })
    db.bypass("trust it")
    expect(payments.wouldReject()).toBeUndefined()
    db.forceOpen("no")
    db.shadow("look only")
    expect(payments.wouldReject()).toBeUndefined()
    db.release("done")
    expect(graphOf(payments).dependencies["ledger"]).toMatchObject({ circuit: "closed", health: 0, cause: "db" })
    expect(payments.wouldReject()).toBeUndefined()
  })

  test("names the root also when its own circuit is open", async () => {
    const { db, ledger, payments } = threeDeep()
    await trip(ledger)
    expect(await reject(payments)).toMatchObject({ reason: "ledger is open" })
    await trip(db)
    expect(await reject(ledger)).toMatchObject({
      reason: "db is open",
      heldBy: ["dependency", "basic"],
      circuit: "open",
    })
    expect(await reject(payments)).toMatchObject({ reason: "db is open" })
  })

  test("dependency law 8: blocked, its own circuit neither moves nor begins anew", async () => {
    const { db, payments } = threeDeep()
    await fail(payments, 4)
    const { epoch } = payments.metrics()
    await trip(db)
    db.bypass("trust it")
    expect(payments.metrics().epoch).toBe(epoch)
    await fail(payments, 1)
    expect(payments.circuit).toBe("open")
  })
})

describe("kinds of dependencies", () => {
  test("a required one takes its impact away, an optional one nothing, and a closed one gives it back", async () => {
    const { make } = house()
    const [cards, mail] = [make("cards", plain), make("mail", plain)]
    const shop = make("shop", depends({ cards: { type: "required", impact: 0.75 }, mail: { type: "optional" } }))
    await trip(mail)
    await succeed(shop, 8)
    expect(shop.metrics().calls.rejected).toBe(0)
    await trip(cards)
    const { success } = shop.metrics().calls
    await succeed(shop, 40)
    expect(shop.metrics().calls.success - success).toBe(10)
    expect(shop.metrics().refusals).toEqual({ circuit: 30 })
    expect(graphOf(shop)).toMatchObject({ derived: "impaired", cause: "cards" })
    cards.bypass("trust it")
    await succeed(shop, 4)
    expect(shop.metrics().refusals).toEqual({ circuit: 30 })
  })

  test("the own circuit is any other strategy of the registry, with its own options", () => {
    const { make } = house()
    expect(
      problemsOf(() => make("a", { strategy: { type: "dependency", own: { type: "dependency" } } as never })),
    ).toEqual([expect.stringMatching(/^config\.strategy\.own: must be one of basic/)])
    expect(
      problemsOf(() => make("a", { strategy: { type: "dependency", own: { type: "basic", probes: { needed: 0 } } } })),
    ).toEqual([expect.stringMatching(/^config\.strategy\.own\.probes\.needed: /)])
    expect(make("a", { strategy: { type: "dependency", own: "basic" } }).circuit).toBe("closed")
    expect(make("a", { strategy: "dependency" }).circuit).toBe("closed")
  })

  test.each([
    [{ type: "vital" }, "options.type: must be one of critical, required, optional"],
    [{}, "options.type: must be one of critical, required, optional"],
    [{ type: "required", impact: 1.5 }, "options.impact: must be a number from 0 to 1"],
    [{ type: "required", impact: Number.NaN }, "options.impact: must be a number from 0 to 1"],
    [{ type: "required", fallback: "cached" }, "options.fallback: must be a function"],
    [{ type: "required", weight: 1 }, "options.weight: is not an option here; known: type, impact"],
    [undefined, "options: must be a plain object"],
  ])("refuses the options %o", (options, problem) => {
    const { make } = house()
    expect(problemsOf(() => make("a").addDependency("b", options as never))).toContain(problem)
  })
})

describe("changing dependencies", () => {
  test("is refused to a breaker of another strategy, and to one that has stopped", async () => {
    const { make } = house()
    const other = make("a", plain)
    const rule = 'strategy: must be { type: "dependency" } for a breaker to have dependencies'
    expect(problemsOf(() => other.addDependency("b", { type: "critical" }))).toEqual([rule])
    expect(problemsOf(() => other.removeDependency("b"))).toEqual([rule])
    const stopped = make("c")
    await stopped.stop()
    expect(problemsOf(() => stopped.addDependency("b", { type: "critical" }))).toEqual([
      "phase: must be active when dependencies change",
    ])
  })

  test("refuses one that is there already, one that is none, and what is no breaker", () => {
    const { make } = house()
    const a = make("a")
    a.addDependency(make("b"), { type: "critical" })
    expect(problemsOf(() => a.addDependency("b", { type: "optional" }))).toEqual([
      'dependency: is a dependency of "a" already',
    ])
    expect(problemsOf(() => a.removeDependency("c"))).toEqual(['dependency: is no dependency of "a"'])
    for (const strange of [{ name: "b", circuit: "closed" } as const, "", 5 as never, undefined as never]) {
      expect(problemsOf(() => a.addDependency(strange, { type: "critical" }))).toEqual([
        "dependency: must be a breaker, or the name of one",
      ])
    }
  })

  test("removed, it holds nothing back any more, and is not heard", async () => {
    const { db, ledger, payments } = threeDeep()
    await trip(db)
    payments.removeDependency(ledger)
    expect(payments.wouldReject()).toBeUndefined()
    expect(graphOf(payments).dependencies).toEqual({})
    ledger.removeDependency("db")
    ledger.forceOpen("test")
    expect(payments.wouldReject()).toBeUndefined()
    payments.addDependency(ledger, { type: "critical" })
    expect(payments.wouldReject()).toMatchObject({ reason: "ledger is open" })
  })

  test("a cycle is refused by its names, however long, and nothing is changed", () => {
    const { make } = house()
    const [a, b, c] = [make("a"), make("b"), make("c")]
    a.addDependency(b, { type: "critical" })
    b.addDependency(c, { type: "optional" })
    expect(problemsOf(() => c.addDependency(a, { type: "critical" }))).toEqual([
      "dependency: must not close a cycle: c → a → b → c",
    ])
    expect(problemsOf(() => a.addDependency(a, { type: "critical" }))).toEqual([
      "dependency: must not close a cycle: a → a",
    ])
    expect(graphOf(c).dependencies).toEqual({})
    expect(problemsOf(() => make("d", depends({ d: { type: "critical" } })))).toEqual([
      "dependency: must not close a cycle: d → d",
    ])
    c.addDependency("later", { type: "critical" })
    expect(problemsOf(() => make("later", depends({ a: { type: "critical" } })))).toEqual([
      "dependency: must not close a cycle: later → a → b → c → later",
    ])
    expect(graphOf(c).dependencies["later"]).toMatchObject({ circuit: "unknown" })
  })

  test("a cycle that would close when a name is taken over is told as trouble, and that dependency stays unknown", async () => {
    const { make } = house()
    const first = make("b", plain)
    const a = make("a", depends({ b: { type: "critical" } }))
    const troubles: unknown[] = []
    a.on("trouble", ({ part, error }) => troubles.push(`${part}: ${(error as Error).message}`))
    const second = make("b", depends({ a: { type: "critical" } }))
    await first.stop()
    expect(troubles).toEqual(["dependency: a breaker would depend on itself: a → b → a"])
    expect(graphOf(a).dependencies["b"]).toMatchObject({ circuit: "unknown" })
    second.forceOpen("test")
    expect(a.wouldReject()).toBeUndefined()
  })

  test("another config brings and takes away what it names, at once or not at all", async () => {
    const { make } = house()
    const [b, c] = [make("b", plain), make("c", plain)]
    const a = make("a", depends({ b: { type: "critical" } }))
    a.addDependency("d", { type: "optional" })
    for (const breaker of [b, c]) await trip(breaker)
    a.reconfigure(depends({ c: { type: "required", impact: 0.5 } }))
    expect(Object.keys(graphOf(a).dependencies).sort()).toEqual(["c", "d"])
    expect(graphOf(a)).toMatchObject({ derived: "impaired", dependencies: { c: { circuit: "open", impact: 0.5 } } })
    a.reconfigure(depends({ c: { type: "critical" } }))
    expect(a.wouldReject()).toMatchObject({ reason: "c is open" })
    const over = make("over", depends({ a: { type: "critical" } }))
    expect(problemsOf(() => a.reconfigure(depends({ over: { type: "critical" } })))).toEqual([
      "dependency: must not close a cycle: a → over → a",
    ])
    expect(over.wouldReject()).toMatchObject({ reason: "c is open" })
    a.reconfigure(plain)
    expect(a.wouldReject()).toBeUndefined()
    expect(over.wouldReject()).toBeUndefined()
    a.reconfigure(depends({ c: { type: "critical" } }))
    expect(over.wouldReject()).toMatchObject({ reason: "c is open" })
  })
})

describe("names", () => {
  test("dependency law 3: one that nobody bears yet neither blocks nor prevents closing, and is followed once borne", async () => {
    const { clock, make } = house()
    const a = make("a", depends({ db: { type: "critical" } }))
    expect(graphOf(a).dependencies["db"]).toMatchObject({ circuit: "unknown" })
    await trip(a)
    await clock.advance("5 seconds")
    await succeed(a, 2)
    expect(a.circuit).toBe("closed")
    const db = make("db", plain)
    expect(graphOf(a).dependencies["db"]).toMatchObject({ circuit: "closed" })
    await trip(db)
    expect(a.wouldReject()).toMatchObject({ reason: "db is open" })
  })

  test("one whose breaker stops is unknown at once, and found again when another takes the name", async () => {
    const { make } = house()
    const db = make("db", plain)
    const a = make("a")
    a.addDependency(db, { type: "critical" })
    await trip(db)
    const stopped = db.stop()
    expect(graphOf(a).dependencies["db"]).toMatchObject({ circuit: "unknown" })
    expect(a.wouldReject()).toBeUndefined()
    await stopped
    await trip(make("db", plain))
    expect(a.wouldReject()).toMatchObject({ reason: "db is open" })
  })

  test("a name that is taken anew during the drain is not lost when that ends", async () => {
    const { clock, make } = house()
    const first = make("db", plain)
    const a = make("a", depends({ db: { type: "critical" } }))
    const running = first.tryExecute(() => new Promise(() => {}))
    const stopped = first.stop({ grace: "3 seconds" })
    const second = make("db", plain)
    await clock.advance("4 seconds")
    await stopped
    expect(await running).toMatchObject({ ok: false })
    await trip(second)
    expect(a.wouldReject()).toMatchObject({ reason: "db is open" })
    const before = make("b", depends({ db: { type: "critical" } }))
    expect(before.wouldReject()).toMatchObject({ reason: "db is open" })
  })

  test("a breaker that stops lets go of those below: they tell nobody, and their listeners are gone", async () => {
    const { db, ledger, payments } = threeDeep()
    await payments.stop()
    await ledger.stop()
    await trip(db)
    expect(payments.wouldReject()).toMatchObject({ layer: "lifecycle" })
    expect(listenersOf(db)).toBe(0)
    expect(listenersOf(ledger)).toBe(0)
  })

  test("breakers on clocks of their own are not found by name, and may be handed in", async () => {
    const [here, there] = [house(), house()]
    const far = there.make("db", plain)
    const a = here.make("a", depends({ db: { type: "critical" } }))
    await trip(far)
    expect(graphOf(a).dependencies["db"]).toMatchObject({ circuit: "unknown" })
    const b = here.make("b")
    b.addDependency(far, { type: "critical" })
    expect(b.wouldReject()).toMatchObject({ reason: "db is open", retryAfterMs: undefined })
  })

  const listenersOf = (breaker: Breaker): number => {
    const { assembly } = breaker as unknown as { assembly: { listeners: { has(name: string): boolean } } }
    return ["transition", "mode", "dependency"].filter((name) => assembly.listeners.has(name)).length
  }
})

describe("breakers by key", () => {
  test("may be depended on, and depend, by key; a quiet one that is listened to is not forgotten", async () => {
    const { clock, make } = house()
    const hosts = createBreakers({ max: 4, config: () => plain }, { clock })
    const shops = createBreakers({ config: () => depends({ db: { type: "critical" } }) }, { clock })
    const db = make("db", plain)
    const [host, shop] = [hosts.get("a.example"), shops.get("north")]
    shop.addDependency(host, { type: "critical" })
    for (const key of ["b", "c", "d", "e", "f"]) await hosts.get(key).execute(working)
    await trip(hosts.get("a.example"))
    expect(shop.wouldReject()).toMatchObject({ reason: "a.example is open", rule: "dependency" })
    shop.removeDependency(host)
    expect(shop.wouldReject()).toBeUndefined()
    await trip(db)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    expect(await shops.get("south").tryExecute(working)).toMatchObject({ ok: false })
    await shops.stop()
    await hosts.stop()
    await db.stop()
  })

  test("that end tell those that depend on them", async () => {
    const { clock, make } = house()
    const hosts = createBreakers({ config: () => plain }, { clock })
    const shop = make("shop")
    const host = hosts.get("a.example")
    shop.addDependency(host, { type: "critical" })
    host.forceOpen("test")
    expect(shop.wouldReject()).toMatchObject({ reason: "a.example is open" })
    await hosts.stop()
    expect(shop.wouldReject()).toBeUndefined()
  })
})

describe("failures that are a dependency's", () => {
  const blaming: BreakerConfig = {
    ...depends({ ledger: { type: "optional" } }),
    classify: ({ ok }) => (ok ? "success" : { kind: "failure", dependency: "ledger" }),
  }

  test("are charged to it while it is open, once, and to us otherwise", async () => {
    const { make } = house()
    const ledger = make("ledger", plain)
    const shop = make("shop", blaming)
    await fail(shop, 4)
    expect(shop.metrics().calls).toMatchObject({ failure: 4, ignored: 0 })
    await trip(ledger)
    const { failure } = ledger.metrics().calls
    await fail(shop, 20)
    expect(shop.metrics().calls).toMatchObject({ failure: 4, ignored: 20 })
    expect(shop.circuit).toBe("closed")
    expect(ledger.metrics().calls).toMatchObject({ failure, rejected: 0 })
    ledger.bypass("trust it")
    await fail(shop, 1)
    expect(shop.circuit).toBe("open")
  })

  test("are charged to it when its breaker refused the call inside ours, whatever the classifier says of errors", async () => {
    const { make } = house()
    const db = make("db", plain)
    const ledger = make("ledger", depends({ db: { type: "critical" } }))
    const shop = make("shop", {
      ...depends({ ledger: { type: "optional" } }),
      classify: ({ ok }) => (ok ? "success" : "failure"),
    })
    await trip(db)
    for (let turn = 0; turn < 20; turn++) await shop.tryExecute(() => ledger.execute(working))
    for (let turn = 0; turn < 20; turn++) await shop.tryExecute(() => db.execute(working))
    expect(shop.metrics().calls).toMatchObject({ failure: 0, ignored: 40 })
    expect(shop.circuit).toBe("closed")
    const stranger = make("stranger", plain)
    await trip(stranger)
    await shop.tryExecute(() => stranger.execute(working))
    expect(shop.metrics().calls).toMatchObject({ failure: 1 })
  })

  test("named after a dependency that it does not have is told as trouble, and counts as a failure", async () => {
    const { make } = house()
    const shop = make("shop", { ...blaming, ...depends({ cards: { type: "critical" } }) })
    const troubles: string[] = []
    shop.on("trouble", ({ part, error }) => troubles.push(`${part}: ${(error as Error).message}`))
    await fail(shop, 1)
    expect(troubles).toEqual(['classify: classify named the dependency "ledger", and "shop" has none of that name'])
    expect(shop.metrics().calls.failure).toBe(1)
  })

  test("are settled likewise by a permit that is given the error", async () => {
    const { make } = house()
    const ledger = make("ledger", plain)
    const shop = make("shop", blaming)
    await trip(ledger)
    const ticket = shop.acquire()
    expect(ticket.admitted && ticket.settle("failure", { error: new Error("x") })).toBe(true)
    expect(shop.metrics().calls).toMatchObject({ failure: 0, ignored: 1 })
  })

  test("measure its impact, which is reported beside the declared", async () => {
    const { clock, make } = house()
    const ledger = make("ledger", plain)
    const strategy = {
      type: "dependency",
      own: { type: "basic", window: { type: "consecutive", failures: 1000 } },
    } as const
    const shop = make("shop", { strategy: { ...strategy, dependencies: { ledger: { type: "required" } } } })
    const seconds = async (count: number, work: () => Promise<unknown>) => {
      for (let second = 0; second < count; second++) {
        for (let call = 0; call < 40; call++) await shop.tryExecute(work)
        await clock.advance("1 second")
      }
    }
    await seconds(4, working)
    ledger.forceOpen("test")
    await seconds(
      4,
      (() => {
        let turn = 0
        return () => (turn++ % 4 === 0 ? working() : failing())
      })(),
    )
    ledger.bypass("test")
    await seconds(2, working)
    const { measured, impact } = graphOf(shop).dependencies["ledger"] ?? {}
    expect(measured).toBeCloseTo(0.75, 1)
    expect(impact).toBe(measured)
  })
})

describe("a fallback of a dependency", () => {
  test("answers for calls that are refused because of it, unless they have their own", async () => {
    const { make } = house()
    const [cards, mail] = [make("cards", plain), make("mail", plain)]
    const shop = make("shop")
    const seen: string[] = []
    const answering = (value: string) => (rejection: CallRejected) => {
      seen.push(rejection.reason)
      return value
    }
    shop.addDependency(cards, { type: "critical", fallback: answering("by invoice") })
    shop.addDependency(mail, { type: "critical", fallback: answering("by post") })
    await trip(mail)
    expect(await shop.execute(working)).toBe("by post")
    expect(await shop.execute(working, { fallback: () => "my own" })).toBe("my own")
    expect(await shop.wrap(working)()).toBe("by post")
    mail.bypass("trust it")
    await trip(cards)
    expect(await shop.tryExecute(working)).toEqual({ ok: true, value: "by invoice" })
    expect(seen).toEqual(["mail is open", "mail is open", "cards is open"])
    expect(shop.metrics().calls).toMatchObject({ rejected: 4, success: 0 })
  })

  test("does not answer for what the breaker's own circuit refuses, nor for what fails", async () => {
    const { make } = house()
    const shop = make("shop")
    shop.addDependency(make("cards", plain), { type: "critical", fallback: () => "by invoice" })
    expect(await shop.tryExecute(failing)).toMatchObject({ ok: false })
    await trip(shop)
    expect(await reject(shop)).toMatchObject({ rule: "row", heldBy: ["basic"] })
  })
})

describe("what lasts", () => {
  test("dependencies are code: they are not saved, and a restored breaker learns of them anew", async () => {
    const { clock, make } = house()
    const db = make("db", plain)
    const a = make("a", depends({ db: { type: "critical" } }))
    await trip(db)
    const saved = a.save()
    expect(Object.keys(saved.parts).sort()).toEqual(["basic", "priority", "timeout"])
    await a.stop()
    const again = createBreaker("a", depends({ db: { type: "critical" } }), { clock, restore: saved })
    expect(again.wouldReject()).toMatchObject({ reason: "db is open" })
    const trippedOne = make("t")
    await trip(trippedOne)
    const back = createBreaker("t", depends(), { clock, restore: JSON.parse(JSON.stringify(trippedOne.save())) })
    expect(back.circuit).toBe("open")
  })

  test("an attached actor is in the graph too, and is left free when its breaker lets go", async () => {
    const { clock, make } = house()
    const db = make("db", plain)
    const actor = createActor(breakerLogic, {
      input: { name: "a", ...depends({ db: { type: "critical" } }) },
      clock: clock as VirtualClock as never,
    }).start()
    const a = attach(actor, { clock })
    const over = make("over", depends({ a: { type: "critical" } }))
    await trip(db)
    expect(a.wouldReject()).toMatchObject({ reason: "db is open" })
    expect(over.wouldReject()).toMatchObject({ reason: "db is open" })
    await a.stop()
    expect(actor.getSnapshot().context.gate.restriction.share).toBe(1)
    expect(over.wouldReject()).toBeUndefined()
    const again = attach(actor, { clock })
    expect(again.wouldReject()).toMatchObject({ reason: "db is open" })
    expect(over.wouldReject()).toMatchObject({ reason: "db is open" })
    actor.stop()
    expect(over.wouldReject()).toBeUndefined()
  })
})
