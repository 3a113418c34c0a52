import type { AnyActorRef, AnyMachineSnapshot } from "xstate"
import type { Breaker } from "../Breaker.ts"
import { invalid } from "../knownOptions.ts"

/** Notes where it stands from now on; answers how to stop. */
type Follow = (note: (place: string) => void) => () => void

const placeOf = ({ value }: Pick<AnyMachineSnapshot, "value">): string =>
  typeof value === "string" ? value : JSON.stringify(value)

function followerOf(subject: Breaker | AnyActorRef): Follow {
  if ("circuit" in subject) {
    return (note) => {
      note(subject.circuit)
      return subject.on("transition", ({ to }) => note(to))
    }
  }
  if (typeof subject?.subscribe !== "function")
    throw invalid("subject", subject, "must be a breaker or an actor of a machine")
  return (note) => {
    note(placeOf(subject.getSnapshot() as AnyMachineSnapshot))
    const { unsubscribe } = subject.subscribe((snapshot: AnyMachineSnapshot) => note(placeOf(snapshot)))
    return unsubscribe
  }
}

const arrow = " → "

function placesIn(path: unknown): readonly string[] {
  const places = typeof path === "string" ? path.split(/→|->/).map((place) => place.trim()) : []
  if (places.length >= 1 && !places.includes("")) return places
  throw invalid("path", path, 'must be places with arrows between them: "closed → open → halfOpen → closed"')
}

/**
 * Drives a breaker, or an actor of a machine of yours, and rejects unless it went exactly this way: from where it stood before, through
 * every place that it entered. A place that is entered anew without having been left counts once.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { createVirtualClock, expectPath, scriptedBackend } from "recloser/testing"
 *
 * const clock = createVirtualClock()
 * const backend = scriptedBackend(clock, "down 10 s")
 * const search = createBreaker("search", { strategy: { type: "basic", openFor: "10 seconds" } }, { clock })
 * await expectPath(search, "closed → open → halfOpen → closed", async () => {
 *   for (let call = 0; call < 20; call++) await search.tryExecute(backend.call)
 *   await clock.advance("10 seconds")
 *   for (let probe = 0; probe < 2; probe++) await search.execute(backend.call)
 * })
 * await search.stop()
 */
export async function expectPath(subject: Breaker | AnyActorRef, path: string, drive: () => unknown): Promise<void> {
  const expected = placesIn(path)
  const walked: string[] = []
  const stop = followerOf(subject)((place) => {
    if (walked.at(-1) !== place) walked.push(place)
  })
  try {
    await drive()
  } finally {
    stop()
  }
  const way = walked.join(arrow)
  if (way === expected.join(arrow)) return
  const common = expected.findIndex((place, index) => place !== walked[index])
  const at = common < 0 ? expected.length : common
  const instead = walked[at] === undefined ? "stayed there" : `went to ${walked[at]}`
  const wanted = expected[at] === undefined ? "stay there" : `go to ${expected[at]}`
  throw new Error(
    `expected ${expected.join(arrow)}, but it went ${way}: at step ${at} it was to ${wanted}, and ${instead}`,
  )
}
