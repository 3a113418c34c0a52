import { copyFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { describe, expect, inject, test } from "vitest"
import { root, typescriptUnder } from "../support/repository.ts"
import { strict, typeCheck } from "../support/typeCheck.ts"

/**
 * The `.types.ts` files beside this one claim what a user's compiler knows. `npm run typecheck` holds the sources to
 * them; here they are compiled in a user's project, against the declarations of the packed package.
 */
const claims = typescriptUnder("test/types").filter((path) => path.endsWith(".types.ts"))
const { project } = inject("packed")
const laid = (path: string): string => join(project, basename(path))

for (const path of [...claims, "test/types/Expect.ts"]) copyFileSync(join(root, path), laid(path))

/** `declaration`: a user's library may export what it made of ours, so every inferred type must have a name it can write. */
const settings = { ...strict, skipLibCheck: true, allowImportingTsExtensions: true, declaration: true }

describe.each([true, false])("types of the packed package, with exactOptionalPropertyTypes: %s", (exact) => {
  const wrong = typeCheck(claims.map(laid), { ...settings, exactOptionalPropertyTypes: exact })

  test.each(claims)("hold what %s claims", (path) => {
    expect(wrong.get(laid(path)) ?? []).toEqual([])
  })
})

test("a claim that is wrong is found", () => {
  const path = join(project, "wrong.ts")
  const lines = [
    'import type { Equal, Expect } from "./Expect.ts"',
    "export type Wrong = Expect<Equal<string, number>>",
    "// @ts-expect-error: nothing is wrong here",
    "export const right: number = 1",
  ]
  writeFileSync(path, lines.join("\n"))
  expect(typeCheck([path], settings).get(path)).toHaveLength(2)
})
