/** Plays every case with every library. One after another: the faked host is the only one there is. */
import { createVirtualClock } from "../../src/testing/index.ts"
import { Inexpressible, type Library } from "./adapter.ts"
import type { Case } from "./cases/case.ts"
import { startOfTime } from "./effectTime.ts"
import { fakeHost } from "./hostTime.ts"
import { Broken, Stage } from "./stage.ts"

export type Verdict = "pass" | "fail" | "notApplicable"

export interface Judged {
  readonly verdict: Verdict
  /** Why it is not applicable, or the rule that was broken. */
  readonly reason: string | undefined
  /** What happened, step by step. */
  readonly trace: readonly string[]
}

export interface Result extends Judged {
  readonly case: Case
  readonly library: Library
  /** The same without the options that the case names: what they are, and the verdict. */
  readonly without: (Judged & { readonly options: readonly string[] }) | undefined
}

async function judge(played: Case, stage: Stage): Promise<Judged> {
  const { trace } = stage
  try {
    await played.run(stage)
    return { verdict: "pass", reason: undefined, trace }
  } catch (error) {
    if (error instanceof Inexpressible) return { verdict: "notApplicable", reason: error.message, trace }
    if (error instanceof Broken) return { verdict: "fail", reason: error.message, trace }
    throw new Error(`case ${played.number} could not be played with ${stage.library.title}`, { cause: error })
  }
}

async function playOnce(played: Case, library: Library, plain: boolean): Promise<readonly [Judged, readonly string[]]> {
  const clock = createVirtualClock({ wall: startOfTime })
  const giveBack = library.time === "host" ? fakeHost(clock) : () => {}
  const stage = new Stage(library, clock, plain)
  try {
    const judged = await judge(played, stage)
    await stage.leave()
    return [judged, stage.options]
  } finally {
    giveBack()
  }
}

export async function play(played: Case, library: Library): Promise<Result> {
  const [judged, options] = await playOnce(played, library, false)
  const plain = options.length > 0 ? (await playOnce(played, library, true))[0] : undefined
  return { case: played, library, ...judged, without: plain && { ...plain, options } }
}

/** By case, then by library. */
export async function playAll(cases: readonly Case[], libraries: readonly Library[]): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const played of cases) for (const library of libraries) results.push(await play(played, library))
  return results
}
