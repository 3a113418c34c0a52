/**
 * Shortens a script that shows a violation to one that still shows the same: delta debugging (Zeller and Hildebrandt 2002) over its
 * happenings, then fewer calls in each.
 */
import type { Happening } from "./happenings.ts"
import { play, type Script } from "./play.ts"

/** Whether a script still shows what was found. */
export type Shows = (happenings: readonly Happening[]) => Promise<boolean>

/** The least part of a list, by taking out ever smaller pieces, that still shows it. */
export async function reduced<T>(
  all: readonly T[],
  shows: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = all
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (await shows(rest)) kept = rest
      else from += size
    }
  }
  return kept
}

/** The same with fewer calls, halved as long as it shows. */
async function fewer(happenings: readonly Happening[], shows: Shows): Promise<readonly Happening[]> {
  let kept = happenings
  for (let index = 0; index < kept.length; index++) {
    for (let happening = kept[index]; happening?.do === "calls" && happening.calls > 1; happening = kept[index]) {
      const less = { ...happening, calls: Math.floor(happening.calls / 2) }
      const changed = kept.map((one, place) => (place === index ? less : one))
      if (!(await shows(changed))) break
      kept = changed
    }
  }
  return kept
}

/** The shortest script found that breaks the same invariant. */
export async function shrink(script: Script, invariant: string): Promise<Script> {
  const shows: Shows = async (happenings) => (await play({ ...script, happenings })).violation?.invariant === invariant
  const fewest = await reduced(script.happenings, shows)
  const happenings = await reduced(await fewer(fewest, shows), shows)
  return { ...script, happenings }
}
