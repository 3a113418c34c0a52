/** Which tests mutants are held against, the likeliest to kill first. */
import { likely } from "../sabotage/likely.ts"

const kinds = /^test\/(?:laws|machines|contracts|data-plane|doors|regressions)\//

/** These take minutes by themselves, and kill no mutant that the others do not. */
const isLong = /differential|[rR]eference|interleavings|timeoutWorlds|paths|fuzz/

/** What looks at a part by itself is over first, and what goes through a door last. */
const quickest = ["data-plane", "machines", "contracts", "regressions", "laws", "doors"]
const costOf = (test: string): number => quickest.indexOf(test.split("/")[1] ?? "")

/** Each file's nearest `count` tests, without doubles: the first of each file, then the second of each. */
export function nearest(paths: readonly string[], count: number): readonly string[] {
  const each = paths.map((path) => likely(path).filter((test) => kinds.test(test) && !isLong.test(test)))
  const places = Array.from(
    { length: Math.min(count, Math.max(0, ...each.map((tests) => tests.length))) },
    (_, place) => place,
  )
  const all = [...new Set(places.flatMap((place) => each.flatMap((tests) => tests.slice(place, place + 1))))]
  return all.sort((one, other) => costOf(one) - costOf(other))
}
