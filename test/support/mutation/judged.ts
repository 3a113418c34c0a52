/** Mutants that live because they change nothing that anybody could notice, and why. */

export interface Judged {
  readonly path: string
  /** The line in which the mutant begins, as it stands in the file, without its indentation. */
  readonly line: string
  /** What stands there, and what was put in its place. */
  readonly mutants: readonly (readonly [from: string, to: string])[]
  readonly why: string
}

export const judged: readonly Judged[] = [
  {
    path: "machines/vocabulary/cohort.ts",
    line: "if (!bad && at - startedAt > evidence.longestMs) evidence.longestMs = at - startedAt",
    mutants: [["at - startedAt > evidence.longestMs", "at - startedAt >= evidence.longestMs"]],
    why: "what is as long as the longest takes its place with the same number",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: "const kept = faded < 1e-3 ? 1 - faded : Math.exp(-faded)",
    mutants: [
      ["faded < 1e-3", "false"],
      ["faded < 1e-3", "faded <= 1e-3"],
    ],
    why: "a quicker way to the same within a millionth; laws hold it to that",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: "if (!bad && evidence.score === 0) {",
    mutants: [
      ["!bad && evidence.score === 0", "false"],
      ["{ evidence.row = 0 evidence.rowSlow = 0 return undefined }", "{}"],
    ],
    why: "the ordinary call's short way: the whole way adds a negative step to nothing, and restarts an excursion that is none",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: "const isNormal = evidence.usual > usualPart * evidence.accepted && evidence.calls >= 100",
    mutants: [["evidence.usual > usualPart * evidence.accepted", "evidence.usual >= usualPart * evidence.accepted"]],
    why: "two learned fractions that both move with every outcome: that they are equal to the last bit is no case of its own",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: 'return evidence.relief > reliefAt || isNormal ? "relief" : undefined',
    mutants: [["evidence.relief > reliefAt", "evidence.relief >= reliefAt"]],
    why: "a sum of logarithms that is 12 to the last bit is no case of its own",
  },
  {
    path: "machines/vocabulary/verdict.ts",
    line: "export const dies = (bad: number, good: number, pending: number): boolean => deathOf(bad, good, pending) >= certainty",
    mutants: [["deathOf(bad, good, pending) >= certainty", "deathOf(bad, good, pending) > certainty"]],
    why: "of whole numbers of calls no sum of these logarithms is 3.2",
  },
  {
    path: "src/data-plane/rates.ts",
    line: "this.#lone = first?.limit.keys === undefined && others.length === 0 ? first : undefined",
    mutants: [["first?.limit.keys === undefined && others.length === 0", "false"]],
    why: "the short way of a lone limit: the whole way over all limits comes to the same, and costs more",
  },
  {
    path: "src/data-plane/rates.ts",
    line: "return this.#lone === undefined ? this.#shelves.every((shelf) => shelf.lets(tick)) : this.#lone.lets(tick)",
    mutants: [["this.#lone === undefined", "true"]],
    why: "the short way of a lone limit: the whole way over all limits comes to the same, and costs more",
  },
  {
    path: "src/data-plane/rates.ts",
    line: "if (this.#lone === undefined) this.take(one, now)",
    mutants: [["this.#lone === undefined", "true"]],
    why: "the short way of a lone limit: the whole way over all limits comes to the same, and costs more",
  },
  {
    path: "src/data-plane/retryBudget.ts",
    line: "if (line !== this.#line) this.#bound(line)",
    mutants: [["line !== this.#line", "true"]],
    why: "the bounds of the same line are worked out again, and are the same",
  },
  {
    path: "src/data-plane/streaks.ts",
    line: "isOne = true",
    mutants: [["true", "false"]],
    why: "the first call of a row sets it, and nobody asks before",
  },
  {
    path: "src/data-plane/streaks.ts",
    line: 'of = ""',
    mutants: [['""', '"Stryker was here!"']],
    why: "the first call of a row sets it, and nobody asks before",
  },
  {
    path: "src/data-plane/streaks.ts",
    line: 'readonly #good: string[] = Array.from({ length: remembered }, () => "")',
    mutants: [["{ length: remembered }", "{}"]],
    why: "the array grows to its length as successes come; it is made whole so that it keeps its shape",
  },
  {
    path: "src/data-plane/timerHeap.ts",
    line: "one.wakeAt < other.wakeAt || (one.wakeAt === other.wakeAt && one.serial < other.serial)",
    mutants: [["one.serial < other.serial", "one.serial <= other.serial"]],
    why: "no two lists have one serial number",
  },
  {
    path: "src/data-plane/window.ts",
    line: "if (index > this.#newest) this.#advance(index)",
    mutants: [["index > this.#newest", "index >= this.#newest"]],
    why: "to advance to the slice where one is clears nothing, and moves nothing",
  },
]
