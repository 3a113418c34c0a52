/** What is wrong with rows: the first few of each kind are told, the others are counted. */

export type Fault = "time" | "value" | "repeated" | "backwards"

const mostOfAKind = 5

const kinds: { readonly [F in Fault]: string } = {
  time: "rows without a usable timestamp, left out",
  value: "rows without a usable value, written with the score 0",
  repeated: "rows of the same time as the row before them",
  backwards: "rows that go back in time",
}

export class Warnings {
  readonly #counts = new Map<Fault, number>()
  readonly #tell: (text: string) => void

  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  add(fault: Fault, line: number, problem: string): void {
    const count = (this.#counts.get(fault) ?? 0) + 1
    this.#counts.set(fault, count)
    if (count <= mostOfAKind) this.#tell(`line ${line}: ${problem}`)
    if (count === mostOfAKind) this.#tell("further lines with the same fault are counted, and not named")
  }

  /** The sum at the end, of kinds of which not every line was named. */
  conclude(): void {
    for (const [fault, count] of this.#counts) if (count > mostOfAKind) this.#tell(`${count} ${kinds[fault]}`)
  }
}
