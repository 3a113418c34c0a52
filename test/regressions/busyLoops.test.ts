/** A loop that is busy all the time: each turn of it lasts long, its timers come late, and answers are read at its end. */
import { type BreakerConfig, createBreaker, type Permit } from "recloser"
import { expect, test } from "vitest"
import { haltingClock } from "../support/haltingClock.ts"

const slowCalls = { after: "50 millis" } as const

/** A service that answers in 5 ms, for half a minute; then it hangs. How long that takes to open the circuit, in milliseconds. */
function opensAfter(config: BreakerConfig, turnMs: number, everyMs: number): number {
  const clock = haltingClock()
  const breaker = createBreaker("service", config, { clock })
  const moves: string[] = []
  breaker.on("transition", ({ from, to, rule }) => moves.push(`${from} → ${to}: ${rule}`))
  let flying: (readonly [answerAt: number, permit: Permit])[] = []
  let nextAt = 0
  const turn = (answersIn: number) => {
    clock.halt(turnMs)
    const now = clock.now()
    for (const [answerAt, permit] of flying) if (answerAt <= now) permit.settle("success")
    flying = flying.filter(([answerAt]) => answerAt > now)
    for (; nextAt <= now; nextAt += everyMs) {
      const ticket = breaker.acquire()
      if (ticket.admitted) flying.push([now + answersIn, ticket])
    }
  }
  while (clock.now() < 30_000) turn(5)
  expect(moves).toEqual([])
  const hangsAt = clock.now()
  while (breaker.circuit === "closed" && clock.now() < hangsAt + 60_000) turn(Number.POSITIVE_INFINITY)
  expect(moves).toEqual(["closed → open: run"])
  return clock.now() - hangsAt
}

const given = { type: "gradual", slowCalls } as const
const learned = { type: "gradual" } as const

// The wheel looks at its clock each 12.5 ms: of each longer turn that much is the service's time, and five make up the line of 50 ms.
test.each([
  [5, [given, learned]],
  [12, [given, learned]],
  [20, [given, learned]],
  [30, [given, learned]],
  [40, [given, learned]],
  [80, [given, learned]],
  [400, [given]],
])(
  "a loop whose turns last %d ms never took a service that hangs for slow: calls of two lines ago were let go",
  (turnMs, strategies) => {
    for (const strategy of strategies)
      for (const everyMs of [10, 40]) {
        const tookMs = opensAfter({ timeout: false, strategy }, turnMs, everyMs)
        expect([strategy, everyMs, tookMs <= 300 + 6 * turnMs]).toEqual([strategy, everyMs, true])
      }
  },
)
