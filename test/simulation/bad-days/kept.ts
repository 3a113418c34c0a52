/** Days that once showed a violation, shortened: each is played again in every run of the tests. */
import type { Script } from "./play.ts"

export const kept: readonly (readonly [string, Script])[] = []
