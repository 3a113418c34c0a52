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

/** Events of one name as they happen, until one of `ends` is called: whoever stops calls them all. */
export const eventsOf = <Name extends EventName>(
  source: Source,
  name: Name,
  ends: Set<() => void> = new Set(),
): Stream.Stream<BreakerEvents[Name]> => {
  checkEvent(name)
  return Stream.callback<BreakerEvents[Name]>((queue) => {
    const end = () => void Queue.endUnsafe(queue)
    const listen = Effect.sync(() => {
      ends.add(end)
      return source.on(name, (event) => void Queue.offerUnsafe(queue, event))
    })
    const leave = (stop: () => void) =>
      Effect.sync(() => {
        stop()
        ends.delete(end)
      })
    return Effect.acquireRelease(listen, leave)
  }, waiting)
}
