/** C9: what importing costs, in bytes sent and in time to load. */

import { execFile } from "node:child_process"
import { relative } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { build, type Metafile } from "esbuild"
import type { CostCase } from "../case.ts"
import { causes } from "../causes.ts"
import type { Readings } from "../measure.ts"

const run = promisify(execFile)
const root = new URL("../../../", import.meta.url).pathname
const promiseDoor = "recloser"

/** What an application with one breaker and a timeout imports. */
const imports: Readonly<Record<string, string>> = {
  [promiseDoor]: 'export { createBreaker, CallRejected, CallTimedOut } from "recloser"',
  "recloser/effect": 'export { Breaker } from "recloser/effect"',
  "recloser/machines": 'export * from "recloser/machines"',
  "recloser/fetch": 'export { protectFetch } from "recloser/fetch"',
  cockatiel: 'export { circuitBreaker, handleAll, SamplingBreaker, timeout, TimeoutStrategy, wrap } from "cockatiel"',
  opossum: 'export { default } from "opossum"',
  mollitia: 'export { Circuit, SlidingCountBreaker, Timeout } from "mollitia"',
  "Effect CircuitBreaker": 'export { make, layerStoreMemory } from "effect/persistence/CircuitBreaker"',
  "effect/Effect and xstate": 'export { runPromise } from "effect/Effect"\nexport { createActor, setup } from "xstate"',
}
const rows = Object.fromEntries(
  Object.entries(imports).map(([name, code]) => [name, `\`${code.replace("\n", "; ")}\``]),
)

export const importCost: CostCase = {
  id: "C9",
  title: "Import",
  jobs: (quick) => [{ caseId: "C9", turn: 0, quick }],
  tables: [
    {
      id: "C9",
      title: "bundled with everything it loads at once, minified, gzipped",
      unit: "kB",
      rows,
      goals: [
        {
          text: "≤ 45 kB, xstate and effect included",
          compare: "value",
          pairs: [[promiseDoor, ""]],
          max: 45,
          cause: causes.weight,
        },
      ],
    },
    {
      id: "C9 load",
      title: "time of a first `import()`, in a fresh process, unbundled",
      unit: "ms",
      rows,
      goals: [{ text: "≤ 120 ms to load", compare: "value", pairs: [[promiseDoor, ""]], max: 120 }],
    },
  ],
  run: async ({ quick }) => {
    const sizes: Readings = {}
    for (const [name, code] of Object.entries(imports)) sizes[name] = [await bundledKilobytes(code)]
    const times: Readings = Object.fromEntries(Object.keys(imports).map((name) => [name, []]))
    for (let round = 0; round < (quick ? 2 : 7); round++) {
      for (const [name, code] of Object.entries(imports)) times[name]?.push(await loadMs(code))
    }
    return { C9: sizes, "C9 load": times }
  },
}

/**
 * What is loaded at once; parts behind an `import()` are split off and not counted. The compiler settings map the package's
 * names to its sources; users get what is built, so they are set aside.
 */
const bundledKilobytes = async (contents: string): Promise<number> => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    tsconfigRaw: {},
    outdir: root,
    absWorkingDir: root,
    metafile: true,
    write: false,
    logLevel: "error",
  })
  const wanted = loadedAtOnce(metafile.outputs)
  const loaded = outputFiles.filter((file) => wanted.has(relative(root, file.path)))
  if (loaded.length !== wanted.size) throw new Error("a part of the bundle is missing")
  return gzipSync(Buffer.concat(loaded.map((file) => file.contents)), { level: 9 }).length / 1000
}

const loadedAtOnce = (outputs: Metafile["outputs"]): ReadonlySet<string> => {
  const [entry] = Object.entries(outputs).find(([, output]) => output.entryPoint === "<stdin>") ?? []
  const wanted = new Set<string>(entry === undefined ? [] : [entry])
  // A set that grows while it is walked is walked to its new end.
  for (const path of wanted) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) wanted.add(next)
    }
  }
  if (wanted.size === 0) throw new Error("nothing was bundled")
  return wanted
}

const loadMs = async (code: string): Promise<number> => {
  const modules = [...code.matchAll(/from "([^"]+)"/g)].map(([, name]) => `await import("${name}")`)
  const script = `const at = performance.now(); ${modules.join("; ")}; process.stdout.write(String(performance.now() - at))`
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: root })
  return Number(stdout)
}
