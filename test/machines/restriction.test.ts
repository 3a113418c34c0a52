/** Restrictions field by field: which of two values is the stricter one, and whether two demands are the same. */
import { describe, expect, test } from "vitest"
import { boundOf, unbounded } from "../../machines/vocabulary/feature.ts"
import {
  type Demand,
  fields,
  type Restriction,
  sameDemand,
  tighten,
  unrepeated,
  unrestricted,
} from "../../machines/vocabulary/restriction.ts"

const numbers = (Object.keys(fields) as (keyof Restriction)[]).filter((field) => field !== "features")
/** Of these more is stricter; of all others less. */
const upwards = ["floor", "retryAt"]

test("nothing is demanded of what is free", () => {
  const { features, floor, retryAt, share, cohortShare, ...rest } = unrestricted
  expect([features, floor, retryAt, share, cohortShare]).toEqual([unbounded, 0, Number.NEGATIVE_INFINITY, 1, 1])
  expect(Object.keys(rest)).toHaveLength(9)
  expect(Object.values(rest).every((value) => value === Number.POSITIVE_INFINITY)).toBe(true)
  expect(tighten(unrestricted, {})).toEqual(unrestricted)
  expect(unrepeated).toEqual({ retries: 0, hedges: 0 })
})

describe.each(numbers)("%s", (field) => {
  const [low, high] = [0.25, 0.75]
  const stricter = upwards.includes(field) ? high : low

  test("is what the stricter of two demands", () => {
    const both = [
      [low, high],
      [high, low],
    ].map(([one, other]) => tighten(tighten(unrestricted, { [field]: one }), { [field]: other }))
    for (const restriction of both) expect(restriction).toEqual({ ...unrestricted, [field]: stricter })
  })

  test("makes two demands different, and alike", () => {
    const one: Demand = { [field]: low }
    expect([sameDemand(one, { [field]: low }), sameDemand(one, { [field]: high }), sameDemand(one, {})]).toEqual([
      ...[true, false, false],
    ])
    expect([sameDemand({}, one), sameDemand({}, {})]).toEqual([false, true])
  })
})

test("features are bounded by whoever bounds them, and alike only if they are the same record", () => {
  const bound = { share: 0, retryAt: 5, reason: "tests say so" }
  const features = { pay: bound }
  const { features: held, ...rest } = tighten(unrestricted, { features })
  expect([boundOf(held, "pay"), rest]).toMatchObject([bound, { share: 1 }])
  expect([sameDemand({ features }, { features }), sameDemand({ features }, { features: { ...features } })]).toEqual([
    true,
    false,
  ])
})
