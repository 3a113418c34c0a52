import type { Case } from "./cases/case.ts"
import { countingCases } from "./cases/counting.ts"
import { dealingCases } from "./cases/dealing.ts"
import { lastingCases } from "./cases/lasting.ts"
import { operatingCases } from "./cases/operating.ts"
import { probingCases } from "./cases/probing.ts"
import { staleCases } from "./cases/stale.ts"
import { waitingCases } from "./cases/waiting.ts"

/** All cases, in the order of their numbers. */
export const catalogue: readonly Case[] = [
  ...countingCases,
  ...dealingCases,
  ...lastingCases,
  ...operatingCases,
  ...probingCases,
  ...staleCases,
  ...waitingCases,
].sort((one, other) => one.number - other.number)
