/** Mutants that live because they change nothing that anybody could notice, and why. */

export interface Judged {
  readonly path: string
  /** The line in which the mutant begins, as it stands in the file, without its indentation. */
  readonly line: string
  /** What stands there, and what was put in its place. */
  readonly mutants: readonly (readonly [from: string, to: string])[]
  readonly why: string
}

export const judged: readonly Judged[] = []
