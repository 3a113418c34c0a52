import type { Stage } from "../stage.ts"

/** One statement about circuit breakers, and how it is put to the test. */
export interface Case {
  readonly number: number
  /** The statement. */
  readonly name: string
  /** What happens on the stage, for the score card. */
  readonly scenario: string
  /** Measures real time: played by `npm run conformance` alone, because a test must not hang on how busy a machine is. */
  readonly timed?: true
  run(stage: Stage): Promise<void>
}
