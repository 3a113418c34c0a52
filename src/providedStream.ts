/** A Stream as an async iterable, on the breaker's time. */

import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { EndpointSet, EndpointStream } from "../machines/endpointOptions.ts"
import { onTime, type Timekeeper } from "./control-plane/clock.ts"

/** Elements as they come; those that nobody has asked for yet are replaced by newer ones, for only the newest list counts. */
export async function* streamOf(
  stream: EndpointStream,
  time: Timekeeper,
  signal: AbortSignal,
): AsyncGenerator<EndpointSet> {
  let newest: EndpointSet | undefined
  let end: Exit.Exit<void, unknown> | undefined
  let wake = () => {}
  const run = Stream.runForEach(stream as unknown as Stream.Stream<EndpointSet, unknown>, (list) =>
    Effect.sync(() => {
      newest = list
      wake()
    }),
  )
  const fiber = Effect.runFork(onTime(time)(run))
  fiber.addObserver((exit) => {
    end = exit
    wake()
  })
  signal.addEventListener("abort", () => wake())
  try {
    while (!signal.aborted) {
      const list = newest
      newest = undefined
      if (list !== undefined) yield list
      else if (end !== undefined) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    if (end !== undefined && Exit.isFailure(end)) throw Cause.squash(end.cause)
  } finally {
    Effect.runFork(Fiber.interrupt(fiber))
  }
}
