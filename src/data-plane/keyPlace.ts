import type { Admission } from "./admission.ts"
import { bucketOf } from "./cellTable.ts"

/** Where a key falls among those that a breaker remembers; `undefined` when it remembers none. */
export const placeOf = ({ cells, rates, seedOfKeys }: Admission, key: string): number | undefined =>
  cells === undefined && !rates?.isKeyed ? undefined : bucketOf(key, seedOfKeys())
