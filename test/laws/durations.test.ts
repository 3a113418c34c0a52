import * as Duration from "effect/Duration"
import { describe, expect, it } from "vitest"
import { toMs } from "../../machines/durations.ts"
import fc from "../support/property.ts"

const amount = fc.oneof(
  fc.nat({ max: 1_000_000 }),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((n) => Number(n.toFixed(3))),
)
const unit = fc.constantFrom("nano", "micro", "milli", "second", "minute", "hour", "day", "week")
const plural = fc.constantFrom("", "s")
const text = fc.tuple(amount, unit, plural).map(([n, name, end]) => `${n} ${name}${end}`)
const fields = fc
  .record(
    {
      weeks: amount,
      days: amount,
      hours: amount,
      minutes: amount,
      seconds: amount,
      milliseconds: amount,
      microseconds: amount,
      nanoseconds: amount,
    },
    { requiredKeys: [] },
  )
  .filter((given) => Object.keys(given).length > 0)
const input = fc.oneof(
  text,
  fields,
  amount,
  fc.bigInt({ min: 0n, max: 10n ** 15n }),
  fc.tuple(fc.nat({ max: 1e6 }), fc.nat({ max: 1e9 })),
  amount.map((ms) => Duration.millis(ms)),
  fc.bigInt({ min: 0n, max: 10n ** 15n }).map((nanos) => Duration.nanos(nanos)),
) as fc.Arbitrary<Duration.Input>

describe("reading durations", () => {
  it("agrees with Effect's own reader, to the nanosecond", () => {
    fc.assert(
      fc.property(input, (given) => {
        const theirs = Duration.toMillis(Duration.fromInputUnsafe(given))
        expect(Math.abs((toMs(given) ?? Number.NaN) - theirs)).toBeLessThanOrEqual(1e-6 + theirs * 1e-12)
      }),
      { numRuns: 2000 },
    )
  })

  it("answers undefined, and never throws, for what Effect refuses or what never ends", () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error("trap")
        },
        ownKeys: () => {
          throw new Error("trap")
        },
      },
    )
    const nonsense = [
      "",
      "5",
      "5s",
      "five seconds",
      "5 fortnights",
      Number.NaN,
      "Infinity",
      Duration.infinity,
      {},
      [],
      [1],
      [1, 2, 3],
      ["1", 2],
      [1, "2"],
      ["1", "2"],
      { secondX: 1 },
      trap,
      null,
      undefined,
      true,
      () => 1,
      { second: 1 },
      { seconds: "1" },
      { constructors: 1 },
    ]
    expect(nonsense.map(toMs)).toEqual(nonsense.map(() => undefined))
  })
})
