import type { Readings } from "./measure.ts"

/** What one child process is asked to do. */
export interface Job {
  readonly caseId: string
  readonly turn: number
  readonly quick: boolean
  /** Set where subjects would disturb each other (timers, idle CPU) and so get a process each. */
  readonly subject?: string | undefined
}

/** A promise about the readings. `worst of pairs` decides: the median over rounds of every pair must hold. */
export interface Goal {
  readonly text: string
  readonly compare: "ratio" | "difference" | "value"
  /** [subject, against]; `against` is ignored where `compare` is "value". */
  readonly pairs: readonly (readonly [subject: string, against: string])[]
  readonly max: number
  /** Why it misses when it misses, and what was tried: printed then, and only then. */
  readonly cause?: string
}

export interface Table {
  readonly id: string
  readonly title: string
  readonly unit: "ns" | "µs" | "KB" | "MB" | "timers" | "keys" | "% of a core" | "ms" | "kB"
  /** How each subject is set up, for the reader; also the order of the rows. */
  readonly rows: Readonly<Record<string, string>>
  /** With columns, readings are filed under `row@column`. */
  readonly columns?: readonly string[]
  readonly goals: readonly Goal[]
}

export interface CostCase {
  readonly id: string
  readonly title: string
  readonly tables: readonly Table[]
  readonly jobs: (quick: boolean) => readonly Job[]
  readonly run: (job: Job) => Promise<Readonly<Record<string, Readings>>>
}

/** Three fresh processes, each with all subjects, the order rotated. */
export const threeProcesses =
  (caseId: string) =>
  (quick: boolean): readonly Job[] =>
    (quick ? [0] : [0, 1, 2]).map((turn) => ({ caseId, turn, quick }))

/** A fresh process for every subject, `times` times over. */
export const oneProcessEach =
  (caseId: string, subjects: readonly string[], times: number) =>
  (quick: boolean): readonly Job[] =>
    Array.from({ length: quick ? 1 : times }, (_, turn) =>
      subjects.map((subject): Job => ({ caseId, turn, quick, subject })),
    ).flat()

export const at = (row: string, column: string): string => `${row}@${column}`
