/** Events as a stream of Effect. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type BreakerEvents, checkEvent, type EventName, type Listener } from "./events.ts"

interface Source {
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
}

/** As many as this wait for whoever reads them slowly; then the oldest make room, for what is wanted is how things stand now. */
const waiting = { bufferSize: 10_000, strategy: "sliding" } as const

/** Ends the streams of events of those who stop, after the last event: those that begin later have nothing to wait for. */
export class StreamEnds {
  readonly #ends = new Set<() => void>()
  #isOver = false

  add(end: () => void): void {
    if (this.#isOver) end()
    else this.#ends.add(end)
  }

  delete(end: () => void): void {
    this.#ends.delete(end)
  }

  endAll(): void {
    this.#isOver = true
    for (const end of this.#ends) end()
  }
}

/** Events of one name as they happen, until whoever tells them has stopped. */
export const eventsOf = <Name extends EventName>(
  source: Source,
  name: Name,
  ends: StreamEnds,
): Stream.Stream<BreakerEvents[Name]> => {
  checkEvent(name)
  return Stream.callback<BreakerEvents[Name]>((queue) => {
    const end = () => void Queue.endUnsafe(queue)
    const listen = Effect.sync(() => {
      const stop = source.on(name, (event) => void Queue.offerUnsafe(queue, event))
      ends.add(end)
      return stop
    })
    const leave = (stop: () => void) =>
      Effect.sync(() => {
        stop()
        ends.delete(end)
      })
    return Effect.acquireRelease(listen, leave)
  }, waiting)
}
