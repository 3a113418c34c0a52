import type { Holder } from "../../../machines/vocabulary/gate.ts"

/** Those who hold calls back, strictest first: a holder of nothing but a timeout or a bound that is learned below holds nobody. */
export const holdingBack = (holders: readonly Holder[]): readonly Holder[] =>
  holders.filter(({ demand: { share = 1, probes, limit } }) => share < 1 || probes !== undefined || limit !== undefined)
