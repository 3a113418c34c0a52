/** Which tests are likely to see that a file is broken: those that come to it by the fewest imports, and those that bear its name. */

import { existsSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { root, typescriptUnder } from "../repository.ts"
import { importsOf, parse } from "../source.ts"

const doors: { readonly [name: string]: string } = {
  recloser: "src/index.ts",
  "recloser/effect": "src/effect.ts",
  "recloser/machines": "src/machines.ts",
  "recloser/testing": "src/testing/index.ts",
  "recloser/inspect": "src/inspect.ts",
  "recloser/fetch": "src/integrations/fetch.ts",
  "recloser/discovery": "src/discovery.ts",
  "recloser/health": "src/health.ts",
  "recloser/grpc": "src/integrations/grpc.ts",
}

const known = new Map<string, readonly string[]>()

function importedBy(path: string): readonly string[] {
  const before = known.get(path)
  if (before !== undefined) return before
  const found = importsOf(parse(path)).flatMap(({ specifier }) => {
    const target = doors[specifier] ?? (specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : "")
    return target.endsWith(".ts") && existsSync(join(root, target)) ? [target] : []
  })
  known.set(path, found)
  return found
}

/** By how many imports one file comes to another; infinitely many if it does not. */
function distance(from: string, to: string): number {
  const seen = new Set([from])
  let ring: readonly string[] = [from]
  for (let steps = 0; ring.length > 0; steps++) {
    if (ring.includes(to)) return steps
    ring = [...new Set(ring.flatMap(importedBy))].filter((path) => !seen.has(path))
    for (const path of ring) seen.add(path)
  }
  return Number.POSITIVE_INFINITY
}

/** What looks at the built package, and what measures. */
const isApart = /^test\/(?:package|types|bench|docs|tidy|conformance|cli|observability)\//

const stemOf = (path: string): string => path.replace(/.*\/|\..*$/g, "").toLowerCase()

/** Test files, the likeliest first. */
export function likely(path: string): readonly string[] {
  const stem = stemOf(path)
  const cost = (test: string): number => distance(test, path) - (stemOf(test).includes(stem) ? 100 : 0)
  return typescriptUnder("test")
    .filter((test) => test.endsWith(".test.ts") && !isApart.test(test))
    .map((test) => ({ test, cost: cost(test) + (/^test\/(?:laws|machines)\//.test(test) ? -0.5 : 0) }))
    .filter(({ cost: one }) => one < Number.POSITIVE_INFINITY)
    .sort((one, other) => one.cost - other.cost)
    .map(({ test }) => test)
}
