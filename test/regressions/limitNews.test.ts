/** What the machines believe of a learned limit, where the one who believes is another than the one who was told. */
import { expect, test } from "vitest"
import { Limit } from "../../src/data-plane/limiter/limit.ts"
import { LimitNews } from "../../src/data-plane/limiter/news.ts"

test("a chart that had crashed since it was told of trouble was left without it until the limit moved: it is told again after ten seconds", () => {
  const limit = new Limit(1, 1000, 20)
  const news = new LimitNews(5)
  const take = (now: number) => {
    limit.isStirred = true
    return news.take(limit, now)?.limit
  }
  expect([0, 5000, 9999, 10_000, 10_001, 19_999, 20_000].map(take)).toEqual([
    ...[20, undefined, undefined, 20],
    ...[undefined, undefined, 20],
  ])
})

test("what never moved is told to nobody: keys would wake their actors for it", () => {
  const limit = new Limit(1, 1000, 20)
  const news = new LimitNews(20)
  const told = [0, 9999, 10_000, 60_000, 600_000].map((now) => {
    limit.isStirred = true
    return news.take(limit, now)
  })
  expect(told.every((one) => one === undefined)).toBe(true)
})
