/** What the inspector's page said of a trouble, where calls were bad in more than one way. */
import { expect, test } from "vitest"
import { groundOf } from "../../src/observability/decisionWords.ts"
import { Episodes } from "../../src/observability/inspector/episodes.ts"

const opened = (rule: string, failures: number, slow: number) => {
  const episodes = new Episodes()
  const statistics = { calls: 20, failures, slow }
  const moved = { type: "transition", at: 0, breaker: "search", from: "closed", to: "open", epoch: 1 } as const
  const told = { ...moved, reason: "", rule, statistics, retryInMs: undefined }
  episodes.take("search", told, 0)
  return [groundOf(told), episodes.of("search")?.isSlow]
}

test("a circuit that opened for its failures was called slow where more calls were slow than failed, and the other way round", () => {
  expect([opened("failureRatio", 8, 10), opened("slowRatio", 11, 10)]).toEqual([
    ["8 of 20 calls failed", false],
    ["10 of 20 calls were slow", true],
  ])
})

test("by any other rule the kind of most bad calls counts; where as many failed as were slow they failed slowly", () => {
  expect([opened("row", 5, 5), opened("evidence", 2, 3), opened("evidence", 3, 2)].map(([, isSlow]) => isSlow)).toEqual(
    [...[false, true, false]],
  )
})
