import { relative } from "node:path"
import { gzipSync } from "node:zlib"
import { build, type Metafile } from "esbuild"
import { describe, expect, inject, test } from "vitest"
import { doors, root } from "../support/repository.ts"

/**
 * What a user's bundle grows by, in kilobytes (1000 bytes): the whole door, xstate and effect included, bundled and
 * minified by esbuild, then gzip -9. A user who has xstate or effect already pays less. What a door loads only when asked
 * for, by `import()`, is not counted: of `recloser/testing` that is the simulation, which brings a whole breaker with it. These
 * are guards against growth unseen: the goal for `recloser` is 45 kB, and it is missed (test/bench/COST.md says by how much, and why).
 */
const budgets: readonly { readonly door: string; readonly take: string; readonly kB: number }[] = [
  { door: "recloser", take: "*", kB: 132.3 },
  { door: "recloser/effect", take: "*", kB: 137 },
  { door: "recloser/machines", take: "*", kB: 122.3 },
  { door: "recloser/machines", take: "{ breakerLogic }", kB: 57.4 },
  { door: "recloser/testing", take: "*", kB: 10 },
  { door: "recloser/inspect", take: "*", kB: 40.5 },
  { door: "recloser/discovery", take: "*", kB: 9 },
  { door: "recloser/health", take: "*", kB: 9 },
  { door: "recloser/grpc", take: "*", kB: 4 },
  { door: "recloser/fetch", take: "*", kB: 5 },
]

const { project } = inject("packed")

async function gzippedKilobytes(door: string, take: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${take} from "${door}"`, resolveDir: project },
    bundle: true,
    minify: true,
    write: false,
    splitting: true,
    outdir: project,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node22",
    // A neighbour is the user's own, and already there.
    external: ["@grpc/grpc-js"],
    legalComments: "none",
    absWorkingDir: root,
  })
  const loaded = staticallyLoaded(metafile)
  const sizes = outputFiles.filter(({ path }) => loaded.has(relative(root, path))).map(({ contents }) => gzip(contents))
  return sizes.reduce((sum, size) => sum + size, 0) / 1000
}

const gzip = (contents: Uint8Array): number => gzipSync(contents, { level: 9 }).byteLength

/** The output of the entry, and what that imports before it can run. */
function staticallyLoaded({ outputs }: Metafile): ReadonlySet<string> {
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) load(next)
    }
  }
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint === "<stdin>") load(path)
  if (loaded.size === 0) throw new Error("esbuild named no entry")
  return loaded
}

describe("the size of a door, gzipped, with xstate and effect", () => {
  test("has a budget for each door and for nothing else", () => {
    expect([...new Set(budgets.map(({ door }) => door))]).toEqual(doors().map(({ name }) => name))
  })

  test.each(budgets)("of $door, taking $take, is at most $kB kB", async ({ door, take, kB }) => {
    const size = await gzippedKilobytes(door, take)
    console.info(`${door} ${take}: ${size.toFixed(1)} kB of ${kB} kB`)
    expect(size).toBeLessThanOrEqual(kB)
  })
})
