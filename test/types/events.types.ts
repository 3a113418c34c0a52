import { createBreaker } from "recloser"
import { type Equal, type Expect, exactly } from "./Expect.ts"

const breaker = createBreaker("events")

/** An event is typed by its name. */
const unsubscribe = breaker.on("transition", (event) => {
  exactly<"transition">().is(event.type)
  exactly<string>().is(event.breaker)
  exactly<typeof breaker.circuit>().is(event.from)
  exactly<typeof breaker.circuit>().is(event.to)
  exactly<number>().is(event.at)
  exactly<number>().is(event.epoch)
  exactly<string>().is(event.reason)
})
export type Unsubscribe = Expect<Equal<typeof unsubscribe, () => void>>

breaker.on("refusal", (event) => event.type satisfies "refusal")
breaker.on("mode", (event) => event.type satisfies "mode")
breaker.on("trouble", (event) => event.type satisfies "trouble")
breaker.on("finding", (event) => event.type satisfies "finding")
breaker.on("dependency", (event) => event.type satisfies "dependency")
// @ts-expect-error: no such event
breaker.on("weather", () => undefined)
// @ts-expect-error: a refusal has no `to`
breaker.on("refusal", (event) => event.to)

/** Metrics are typed by name. */
const metrics = breaker.metrics()
export type Metrics = [
  Expect<Equal<typeof metrics.breaker, string>>,
  Expect<Equal<typeof metrics.circuit, typeof breaker.circuit>>,
  Expect<Equal<typeof metrics.mode, typeof breaker.mode>>,
  Expect<Equal<typeof metrics.phase, typeof breaker.phase>>,
  Expect<Equal<typeof metrics.calls.admitted, number>>,
  Expect<Equal<typeof metrics.calls.stragglers, number>>,
  Expect<Equal<typeof metrics.latency.p99, number>>,
]
// @ts-expect-error: no such count
export const noSuchCount = metrics.calls.lost
