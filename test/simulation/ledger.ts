/**
 * What was best in searches made before, in a file beside the tables: each package and world is written down as it is
 * decided, so that a search can be made in portions and tables in minutes. Two runs may write at once: each reads the file
 * anew before it adds to it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"

/** What was searched: another count of settings, or one other setting among them, is another search. */
export interface Searched {
  readonly scenario: string
  readonly world: string
  /** With how it is used, and of how many it is the best: `opossum, best of 200, one a client`. */
  readonly policy: string
  /** A digest of all settings that were drawn, in their order. */
  readonly drawn: string
}

export interface Entry extends Searched {
  /** Which of the drawn settings was best, from 0. */
  readonly winner: number
  /** The same for whoever reads the file. */
  readonly settings: string
  /** How far from the goals of the world it was in the last heat, 1 and less: all met. */
  readonly distance: number
  /** A digest of all that was measured in the last heat: when that comes out otherwise, the entry is of another world. */
  readonly figures: string
}

export interface Ledger {
  find(searched: Searched): Entry | undefined
  /** In the place of what is known of the same package in the same world. */
  keep(entry: Entry): void
}

const placeOf = ({ scenario, world, policy }: Searched): string => `${scenario}: ${world}: ${policy}`

const inOrder = new Intl.Collator("en", { numeric: true })

const isEntry = (one: unknown): one is Entry => {
  const { scenario, world, policy, drawn, winner, settings, distance, figures } = (one ?? {}) as Partial<Entry>
  const isText = [scenario, world, policy, drawn, settings, figures].every((part) => typeof part === "string")
  return isText && Number.isInteger(winner) && typeof distance === "number"
}

function read(file: string): readonly Entry[] {
  if (!existsSync(file)) return []
  const advice = "take it from version control again, or delete it and search anew"
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"))
  } catch (error) {
    throw new Error(`${file} is no JSON: ${advice}`, { cause: error })
  }
  if (!Array.isArray(parsed)) throw new Error(`${file} must be a list of entries: ${advice}`)
  const strange = parsed.findIndex((one) => !isEntry(one))
  if (strange >= 0) throw new Error(`${file}: entry ${strange} is not one that a search has written: ${advice}`)
  return parsed
}

/** A run that is killed while it writes leaves the file as it was. */
function write(file: string, entries: readonly Entry[]): void {
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, `${JSON.stringify(entries, null, 2)}\n`)
  renameSync(unfinished, file)
}

export const ledgerIn = (file: string): Ledger => ({
  find: (searched) => read(file).find((one) => placeOf(one) === placeOf(searched) && one.drawn === searched.drawn),
  keep: (entry) => {
    const others = read(file).filter((one) => placeOf(one) !== placeOf(entry))
    write(
      file,
      [...others, entry].sort((a, b) => inOrder.compare(placeOf(a), placeOf(b))),
    )
  },
})

/** A ledger of which nothing is believed, and in which everything is written anew. */
export const disbelieved = (ledger: Ledger): Ledger => ({ ...ledger, find: () => undefined })
