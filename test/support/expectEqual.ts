import { isDeepStrictEqual } from "node:util"
import { expect } from "vitest"

/** `expect(actual).toEqual(expected)`, for laws that ask it a hundred thousand times: chai is called where they differ, to say how. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected)
}
