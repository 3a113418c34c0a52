/** What Effect's Logger is told by breakers that keep their callers' names to themselves. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import { Breaker, Breakers, InvalidConfig, type MakeOptions } from "recloser/effect"
import { createMarks, redactedLog } from "recloser/inspect"
import { describe, expect, test } from "vitest"
import { runTest } from "../../support/effects.ts"
import { customer, endpoints, feature, found, guarded, secretWords, telltale } from "../../support/secretive.ts"

const redact = createMarks("a secret of at least 16 characters")
const tripping = { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "4 seconds" } as const

/** A shop that depends on a customer's vault, its features and endpoints, and one part of three that is dead: all that is logged of them. */
const told = (log: MakeOptions["log"]): Promise<string> => {
  const lines: unknown[] = []
  const logger = Logger.make<unknown, void>((options) => void lines.push(Logger.formatStructured.log(options)))
  const no = Effect.fail(new Error(`no answer for ${customer} from ${guarded}`))
  const program = Effect.gen(function* () {
    const customers = yield* Breakers.make({ config: () => ({ strategy: tripping, timeout: false }) }, { log })
    const vault = yield* customers.get(customer)
    const shop = yield* Breaker.make(
      "shop",
      {
        strategy: { type: "dependency", own: "basic" },
        recovery: { features: { [feature]: {}, plain: {} }, minimumSamples: 2 },
        discovery: { endpoints: [...endpoints, guarded], panic: 0 },
      },
      { log },
    )
    const shards = yield* Breaker.make("shards", {}, { log })
    yield* shop.addDependency(vault, { type: "critical" })
    for (let call = 0; call < 300; call++) {
      const isAsked = call % 4 === 0
      yield* Effect.ignore(shop.guard(isAsked ? no : Effect.succeed(1), { feature: isAsked ? feature : "plain" }))
      const key = ["a", "b", customer][call % 3] as string
      yield* Effect.ignore(shards.guard(key === customer ? no : Effect.succeed(1), { key }))
      yield* TestClock.adjust(20)
    }
    shop.on("mode", () => {
      throw new TypeError(`${customer} is not a function at ${guarded}`)
    })
    yield* shop.bypass(`trying ${guarded}`)
    yield* shop.release("tried")
    for (let call = 0; call < 3; call++) yield* Effect.ignore(vault.guard(no))
    yield* TestClock.adjust(1500)
    yield* Effect.ignore(shop.guard(Effect.succeed(1)))
  })
  const heard = Effect.scoped(program).pipe(Effect.provide(Logger.layer([logger])))
  return runTest(Effect.map(heard, () => lines.map((line) => JSON.stringify(line)).join("\n")))
}

describe("what Effect's Logger is told", () => {
  test("holds no key, feature, endpoint or message in clear, and the mark that stands for it elsewhere", async () => {
    const text = await told(redactedLog("json", redact))
    expect(found(text, [telltale, "10.0.0.7", ...secretWords])).toEqual([])
    expect(text).toContain(`${redact(customer)}: closed → open`)
    expect(text).toContain(`shop: dependencies: blocked: ${redact(customer)} is open`)
    expect(text).toMatch(new RegExp(`shop: features: .*${redact(feature)}`))
    expect(text).toMatch(/shop: listener threw.*: TypeError #[0-9a-f]{12}/)
    expect(text).toMatch(new RegExp(`shards: \\\\*"${redact(customer)}\\\\*" held back; 1 held back now`))
    expect(text).toMatch(new RegExp(`shards: refused \\d+ calls?: \\\\*"${redact(customer)}\\\\*" is held back`))
    expect(text).toContain("shop: operator: auto → bypassed: trying #")
  })

  test.each([undefined, true])("log: %j: is told keys in clear, and no login or query all the same", async (log) => {
    const text = await told(log)
    for (const name of [customer, feature]) expect(text).toContain(name)
    expect(text).toContain("trying https://alice-3.example/pay?…")
    expect(found(text, secretWords)).toEqual([])
  })

  test.each(["json", {}, { style: "json" }, null, 7])("%j is no log", async (log) => {
    const given = { log: log as never }
    const one = Effect.flip(Breaker.make("shop", {}, given))
    for (const refusal of [one, Effect.flip(Breakers.make({}, given))]) {
      const refused: unknown = await runTest<unknown, unknown>(refusal)
      expect(refused).toBeInstanceOf(InvalidConfig)
      expect(String(refused)).toMatch(/options\.log: must be true or false, or what redactedLog made/)
    }
  })
})
