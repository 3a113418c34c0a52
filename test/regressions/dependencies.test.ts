/** What could go wrong between breakers that depend on each other, and did or nearly did. */
import { createBreaker } from "recloser"
import { dependency } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import type { AnyStateMachine } from "xstate"
import type { AnyPlug } from "../../machines/plug.ts"
import { deferred, fail, failing, trip, working } from "../support/breakers.ts"
import { boom } from "../support/parts.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 5 } } as const
const strategy = { type: "dependency", own } as const

/** Runs something while the graph's chart throws the first `crashes` times that it hears of a move. */
async function whileBrittle<T>(crashes: number, run: () => Promise<T>): Promise<T> {
  const part = dependency as { chart: AnyPlug["chart"] }
  const { chart } = part
  let left = crashes
  const crash = () => {
    if (left-- > 0) throw boom
  }
  part.chart = (chart as AnyStateMachine).provide({ actions: { count: crash } })
  try {
    return await run()
  } finally {
    part.chart = chart
  }
}

/** Its graph hears of a slice, and crashes. */
async function crashOnce(breaker: ReturnType<typeof createBreaker>, clock: ReturnType<typeof createVirtualClock>) {
  await breaker.tryExecute(working)
  await clock.advance("2 seconds")
  await breaker.tryExecute(working)
}

test("a graph that crashed learns again what was added at run time, and how all stands", () =>
  whileBrittle(1, async () => {
    const clock = createVirtualClock()
    const [db, mail] = ["db", "mail"].map((name) => createBreaker(name, { strategy: own }, { clock }))
    const shop = createBreaker(
      "shop",
      { strategy: { ...strategy, dependencies: { mail: { type: "optional" } } } },
      { clock },
    )
    const troubles: string[] = []
    shop.on("trouble", ({ part }) => troubles.push(part))
    if (db === undefined || mail === undefined) throw new Error("no breakers")
    shop.addDependency(db, { type: "critical", fallback: () => "later" })
    mail.forceOpen("test")
    await crashOnce(shop, clock)
    expect(troubles).toEqual(["dependency"])
    expect(shop.metrics().components.dependency?.dependencies).toMatchObject({
      db: { type: "critical", circuit: "closed" },
      mail: { type: "optional", circuit: "open" },
    })
    db.forceOpen("test")
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    expect(await shop.execute(working)).toBe("later")
  }))

test("a graph that crashed does not learn again of what its config names and was removed", () =>
  whileBrittle(1, async () => {
    const clock = createVirtualClock()
    const mail = createBreaker("mail", { strategy: own }, { clock })
    const dependencies = { mail: { type: "critical" } } as const
    const shop = createBreaker("shop", { strategy: { ...strategy, dependencies } }, { clock })
    shop.removeDependency(mail)
    await crashOnce(shop, clock)
    expect(shop.metrics().components.dependency?.dependencies).toEqual({})
  }))

test("a graph that crashes too often is left out: it holds nothing back for ever", () =>
  whileBrittle(1000, async () => {
    const clock = createVirtualClock()
    const db = createBreaker("db", { strategy: own }, { clock })
    const shop = createBreaker("shop", { strategy }, { clock })
    shop.addDependency(db, { type: "required", impact: 0.5 })
    const gaveUp: boolean[] = []
    shop.on("trouble", (event) => gaveUp.push(event.gaveUp))
    db.forceOpen("test")
    for (let turn = 0; turn < 40; turn++) {
      await shop.tryExecute(working)
      await clock.advance("2 seconds")
    }
    expect(gaveUp.at(-1)).toBe(true)
    expect(shop.circuit).toBe("closed")
    expect(shop.wouldReject()).toBeUndefined()
    expect(shop.metrics().components.dependency).toBeUndefined()
  }))

test("a root that is gone no longer holds back those above", async () => {
  const clock = createVirtualClock()
  const db = createBreaker("db", { strategy: own }, { clock })
  const shop = createBreaker(
    "shop",
    { strategy: { ...strategy, dependencies: { db: { type: "critical" } } } },
    { clock },
  )
  await trip(db)
  await db.stop()
  expect(shop.wouldReject()).toBeUndefined()
})

test("a listener that acts on other breakers while moves are told loses none of them", async () => {
  const clock = createVirtualClock()
  const make = (name: string) => createBreaker(name, { strategy }, { clock })
  const [root, one, two, top] = ["root", "one", "two", "top"].map(make) as [
    ReturnType<typeof make>,
    ReturnType<typeof make>,
    ReturnType<typeof make>,
    ReturnType<typeof make>,
  ]
  one.addDependency(root, { type: "critical" })
  two.addDependency(root, { type: "critical" })
  top.addDependency(one, { type: "critical" })
  // In the middle of telling, the graph changes and a breaker moves.
  one.on("dependency", ({ to }) => {
    if (to !== "blocked") return
    top.removeDependency(one)
    top.addDependency(two, { type: "critical" })
    two.forceOpen("by a listener")
  })
  root.forceOpen("test")
  expect(top.wouldReject()).toMatchObject({ reason: "root is open" })
  root.bypass("test")
  expect(top.wouldReject()).toMatchObject({ reason: "two is open" })
  two.bypass("test")
  expect(top.wouldReject()).toBeUndefined()
})

test("a failure that began before its dependency opened, and ended after, is charged once: to the dependency", async () => {
  const clock = createVirtualClock()
  const db = createBreaker("db", { strategy: own }, { clock })
  const shop = createBreaker(
    "shop",
    {
      strategy: { ...strategy, dependencies: { db: { type: "critical" } } },
      classify: ({ ok }) => (ok ? "success" : { kind: "failure", dependency: "db" }),
    },
    { clock },
  )
  const works = Array.from({ length: 10 }, () => deferred())
  const calls = works.map(({ promise }) => shop.tryExecute(() => promise))
  await fail(db, 5)
  for (const { reject } of works) reject(new Error("no answer"))
  await Promise.all(calls)
  expect(shop.metrics().calls).toMatchObject({ failure: 0, ignored: 10 })
  expect(shop.circuit).toBe("closed")
})

test("a dependency that its rate limit held back was not told of; told by chance, it blocked those above for ever", async () => {
  const clock = createVirtualClock()
  const ledger = createBreaker("ledger", { rateLimit: { adaptive: true }, timeout: "2 seconds" }, { clock })
  const payments = createBreaker(
    "payments",
    { strategy: { type: "dependency", dependencies: { ledger: { type: "critical" } } } },
    { clock },
  )
  const throttled = { kind: "failure", retryAfter: "5 seconds", quota: { exceeded: true } } as const
  const isHeld = {
    // Not by its timeout, which holds something else.
    reason: "ledger is held back: the service asks to be left alone",
    retryAfterMs: 5000,
  }
  await ledger.tryExecute(failing, { classify: () => throttled })
  expect(ledger.circuit).toBe("closed")
  expect(ledger.wouldReject()).toMatchObject({ layer: "rateLimit", reason: "the service asks to be left alone" })
  expect(payments.wouldReject()).toMatchObject(isHeld)
  ledger.shadow("look only")
  expect(payments.wouldReject()).toBeUndefined()
  ledger.release("done")
  expect(payments.wouldReject()).toMatchObject(isHeld)
  await clock.advance("5 seconds")
  expect(ledger.wouldReject()).toBeUndefined()
  expect(payments.wouldReject()).toBeUndefined()
  await Promise.all([ledger.stop(), payments.stop()])
})
