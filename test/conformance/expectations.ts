/** What the design expected of the peers, and why the suite finds otherwise where it does. */
import type { Result } from "./suite.ts"

/** The cases that each library was expected to fail. */
export const expectedFailures: { readonly [key: string]: readonly number[] } = {
  recloser: [],
  opossum: [1, 2, 5, 7, 13, 14, 15, 19, 23, 27],
  cockatiel: [3, 6, 10, 12, 17, 26, 28],
  mollitia: [4, 5, 12],
  effect: [5, 11, 12, 20, 25],
}

const staleFailureOpens =
  "expected only of stale successes: a stale failure in half-open takes the same way and opens it"

/** Why a verdict differs from the design's, by library and case. Every difference is explained, and nothing else. */
export const explanations: { readonly [difference: string]: string } = {
  "opossum 1": "passes with `volumeThreshold`; as it comes, that is 0 and the first failure opens it",
  "opossum 3": staleFailureOpens,
  "opossum 4": "follows from 2: the stale success closes it, and then everything is let in beside the running probe",
  "opossum 5":
    "passes with its call `timeout`, which is on by default; with `timeout: false` a hung probe wedges it for ever",
  "opossum 23":
    "passes with `rollingPercentilesEnabled: false`; as it comes, each failure sorts every latency of the window",
  "cockatiel 7": "the same path as 6: an error that its policy does not handle counts as a successful probe",
  "cockatiel 10":
    "passes with an aggressive timeout around retry and a bulkhead inside it; retry alone waits its backoff out and starts the work once more",
  "cockatiel 27": "it writes its backoff into the object given as `initialState`",
  "cockatiel 28": "passes with a bulkhead around it; by itself it keeps every caller waiting",
  "mollitia 3":
    "one stale failure does nothing; as many as `minimumNumberOfCalls` reopen it, because they enter the requests of the half-open state",
  "mollitia 5":
    "passes with `halfOpenStateMaxDelay` or its timeout module; as it comes, neither is there and a hung probe wedges it",
  "mollitia 7": "an error that `onError` refuses counts as a success, and so closes it",
  "mollitia 12": "passes with `SlidingTimeBreaker`; its `SlidingCountBreaker` has no age",
  "mollitia 18": "the late failure enters the requests of the new round and is judged with them",
  "mollitia 21": "its timer of the open time holds the process until then, unless `dispose()` is called",
  "mollitia 23":
    "each call copies all requests of the window, each failure counts them; `SlidingTimeBreaker` never holds more than 1000",
  "mollitia 25": "slow calls are counted when they end",
  "effect 5": "passes with `Effect.timeout` inside, as its documentation advises; without it a hung probe wedges it",
  "effect 11": "it has no ramp: not applicable, as for the other peers",
  "effect 12": "passes with `idleTimeToLive`, which forgets a circuit that is idle; its windows themselves have no age",
  "effect 25": "it has no notion of slow calls: not applicable, as for opossum and cockatiel",
  "effect 26": "its clock is the wall clock: the open time lasts an hour longer",
}

export interface Difference {
  readonly result: Result
  readonly key: string
  readonly expected: "pass" | "fail"
}

export function differences(results: readonly Result[]): readonly Difference[] {
  return results.flatMap((result) => {
    const expected = expectedFailures[result.library.key]?.includes(result.case.number) ? "fail" : "pass"
    const differs = (expected === "fail") !== (result.verdict === "fail")
    return differs ? [{ result, key: `${result.library.key} ${result.case.number}`, expected } as const] : []
  })
}
