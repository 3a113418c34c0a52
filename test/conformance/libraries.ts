/** The libraries under test, in the order of the score card's columns. */
import { readFileSync } from "node:fs"
import type { Library } from "./adapter.ts"
import { cockatiel } from "./libraries/cockatiel.ts"
import { effect } from "./libraries/effect.ts"
import { mollitia } from "./libraries/mollitia.ts"
import { opossum } from "./libraries/opossum.ts"
import { recloser } from "./libraries/recloser.ts"

export const libraries: readonly Library[] = [recloser, opossum, cockatiel, mollitia, effect]

/** The version that is installed, of the package of the same name. */
export function versionOf({ key }: Library): string {
  const folder = key === "recloser" ? "../.." : `../../node_modules/${key}`
  const manifest: unknown = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), "utf8"))
  return (manifest as { readonly version: string }).version
}
