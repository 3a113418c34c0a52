/** What the page is told of a recording. Types alone. */

export interface RecordedMoment {
  readonly wall: number
  readonly breaker: string
  readonly kind: string
  readonly words: string
  readonly circuit: string
  readonly mode: string
  readonly share: number
  /** How many probes may enter at once, and nobody else; 0 where it is not only probes. */
  readonly probes: number
  readonly heldBy: readonly string[]
  readonly calls: {
    readonly admitted: number
    readonly rejected: number
    readonly failure: number
    readonly timedOut: number
  }
  readonly actors: readonly { readonly key: string; readonly states: readonly string[] }[]
}

export interface RecordedAnswer {
  readonly played: readonly RecordedMoment[]
  readonly decisions: number
  readonly agreed: number
  readonly trace: string
  /** Breakers by key of which nothing was recorded. */
  readonly omitted: number
}

export interface RecordedDealt {
  readonly moves: readonly {
    readonly afterMs: number
    readonly from: string
    readonly to: string
    readonly reason: string
  }[]
  readonly sent: number
  readonly refused: number
  readonly failed: number
  readonly succeeded: number
  readonly refusedWell: number
}

export interface RecordedComparison {
  readonly breaker: string
  readonly calls: number
  readonly recorded: RecordedDealt
  readonly other: RecordedDealt
  readonly guessed: number
  readonly sentOnGuess: number
  readonly elsewhere: number
  /** What would have been otherwise, in sentences. */
  readonly words: string
}
