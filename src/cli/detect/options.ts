/** What the command line asks of `recloser detect`. */
export interface DetectOptions {
  /** A file, or `-` for standard input. */
  readonly input: string
  /** A file, or `-` for standard output. */
  readonly output: string
  /** The first fault in a row ends the run. */
  readonly strict: boolean
}

export const STANDARD = "-"
