/** A chart that has been laid out: where each state and each arrow lies. Made when the atlas is generated; drawn anywhere. */

export interface Box {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly circuit?: string | undefined
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  /** What it hears without leaving, a line each. */
  readonly lines: readonly string[]
  /** Whether it contains others. */
  readonly isGroup: boolean
}

export interface Line {
  /** The path of the state that it leaves; `undefined` where the chart begins. */
  readonly from?: string | undefined
  readonly to: string
  /** x and y of each corner, in turn. */
  readonly points: readonly number[]
  /** Whether a walk has taken it; `apart` for one that a walk has nothing to do with. */
  readonly light?: "lit" | "unlit" | "apart"
  readonly label?: { readonly x: number; readonly y: number; readonly lines: readonly string[] } | undefined
}

export interface Picture {
  readonly key: string
  readonly width: number
  readonly height: number
  /** Groups before what they contain. */
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
}

/** Sizes in which pictures are laid out and drawn. */
export const sizes = {
  /** Pixels of text by kind; letters are taken to be `width` of that wide. */
  title: 13,
  small: 10.5,
  width: 0.57,
  lineHeight: 14,
  /** The heading of a box. */
  heading: 24,
  padding: 12,
  /** A circle where a chart begins, and the one that stands for any state. */
  dot: 10,
} as const

/** The pseudo-state inside a group from which arrows leave that any of its states may take. */
export const anyOf = (group: string): string => `${group}.(any)`
/** The dot inside a group that points at its first state. */
export const beginOf = (group: string): string => `${group}.(begin)`
