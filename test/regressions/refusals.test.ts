import { expect, test } from "vitest"
import { createBreaker } from "../../src/index.ts"
import { protectFetch } from "../../src/integrations/fetch.ts"
import { type LogEntry, logEvents } from "../../src/observability/logging.ts"
import { createVirtualClock } from "../../src/testing/index.ts"

test("refusals of an outage were logged under the operator's later reason, and the last of them never", async () => {
  const clock = createVirtualClock()
  const breaker = createBreaker("payments", { strategy: { type: "basic", openFor: "5 seconds" } }, { clock })
  const entries: LogEntry[] = []
  logEvents(breaker, (entry) => entries.push(entry))
  const down = async () => {
    throw new Error("down")
  }
  for (let call = 0; call < 120; call++) await breaker.tryExecute(down)
  await clock.advance("2 seconds")
  breaker.forceOpen("database migration")
  await breaker.tryExecute(down)
  const refusals = entries.filter(({ message }) => message.includes("refused"))
  const counts = new Map<string, number>()
  for (const { message, facts } of refusals) {
    const reason = message.replace(/.*refused [^:]*: /, "")
    counts.set(reason, (counts.get(reason) ?? 0) + Number(facts["refused"]))
  }
  expect([...counts]).toEqual([
    ["100 % of 20 calls failed", 100],
    ["database migration", 1],
  ])
  await breaker.stop()
})

test("a fetch refused by a breaker further in opened the outer one", async () => {
  const clock = createVirtualClock()
  const inner = createBreaker("inner", {}, { clock })
  const outer = createBreaker("outer", {}, { clock })
  inner.forceOpen("down for repair")
  const fetch = protectFetch(outer, { fetch: protectFetch(inner) })
  for (let call = 0; call < 30; call++) await fetch("http://service.test/").catch(() => undefined)
  expect(outer.circuit).toBe("closed")
  expect(outer.metrics().calls).toMatchObject({ ignored: 30, failure: 0 })
  await outer.stop()
  await inner.stop()
})
