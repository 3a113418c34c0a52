/** What became of the mutants of each file, kept beside the code. */
import { createHash } from "node:crypto"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { read, root } from "../repository.ts"
import type { Survivor } from "./stryker.ts"

export interface Result {
  /** Of the file that was tried: what is said holds of this text alone. */
  readonly digest: string
  readonly killed: number
  readonly timedOut: number
  /** Mutants that no test could be held against: they count neither way. */
  readonly broken: number
  readonly survivors: readonly Survivor[]
}

export interface Results {
  readonly [path: string]: Result
}

const place = "test/support/mutation/results.json"

export const results = (): Results => (existsSync(join(root, place)) ? JSON.parse(read(place)) : {})

export const digestOf = (path: string): string => createHash("sha256").update(read(path)).digest("hex").slice(0, 12)

export function keep(path: string, result: Result): void {
  const all = Object.entries({ ...results(), [path]: result }).filter(([one]) => existsSync(join(root, one)))
  all.sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(join(root, place), `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`)
}
