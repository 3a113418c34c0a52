import { createBreaker, type DetailedVerdict } from "recloser"
import { Breaker } from "recloser/effect"
import { type Equal, type Expect, exactly } from "./Expect.ts"

const ledger = createBreaker("ledger")

export const accepted = [
  createBreaker("bare", { strategy: "dependency" }),
  createBreaker("own by name", { strategy: { type: "dependency", own: "basic" } }),
  createBreaker("own with options", { strategy: { type: "dependency", own: { type: "basic", openFor: "3 seconds" } } }),
  createBreaker("named", {
    strategy: {
      type: "dependency",
      dependencies: { db: { type: "required", impact: 0.5 }, mail: { type: "optional" } },
    },
  }),
  createBreaker("blaming", { classify: ({ ok }) => (ok ? "success" : { kind: "failure", dependency: "db" }) }),
]

export const refused = [
  // @ts-expect-error: a strategy of two actors is no circuit of its own
  createBreaker("own", { strategy: { type: "dependency", own: "dependency" } }),
  // @ts-expect-error: no such need
  createBreaker("need", { strategy: { type: "dependency", dependencies: { db: { type: "vital" } } } }),
  // @ts-expect-error: how it is needed must be said
  createBreaker("type", { strategy: { type: "dependency", dependencies: { db: { impact: 1 } } } }),
  // @ts-expect-error: a candidate is one whole circuit
  createBreaker("candidate", { candidate: "dependency" }),
  // @ts-expect-error: a timeout is the breaker's own finding
  createBreaker("verdict", { classify: () => ({ kind: "timedOut" }) }),
]

const shop = createBreaker("shop", { strategy: "dependency" })
shop.addDependency(ledger, { type: "critical", impact: 0.9, fallback: ({ reason }) => reason })
shop.addDependency("db", { type: "optional", impact: undefined, fallback: undefined })
shop.removeDependency(ledger)
// @ts-expect-error: how it is needed must be said
shop.addDependency(ledger, {})
// @ts-expect-error: neither a breaker nor a name
shop.addDependency(5, { type: "critical" })

shop.on("dependency", (event) => {
  exactly<"dependency">().is(event.type)
  exactly<"clear" | "impaired" | "blocked">().is(event.to)
  exactly<number>().is(event.health)
  exactly<string>().is(event.reason)
})

const graph = shop.metrics().components.dependency
export type Claims = [
  Expect<Equal<NonNullable<typeof graph>["derived"], "clear" | "impaired" | "blocked">>,
  Expect<Equal<DetailedVerdict["kind"], "success" | "failure" | "ignored">>,
]

export const made = Breaker.make("shop", { strategy: "dependency" })
