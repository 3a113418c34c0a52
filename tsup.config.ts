import { copyFile } from "node:fs/promises"
import { build } from "esbuild"
import { defineConfig } from "tsup"

/** One entry per door of package.json's exports map; the test in test/package holds the two together. */
const doors = {
  index: "src/index.ts",
  effect: "src/effect.ts",
  machines: "src/machines.ts",
  testing: "src/testing/index.ts",
  inspect: "src/inspect.ts",
  discovery: "src/discovery.ts",
  health: "src/health.ts",
  grpc: "src/integrations/grpc.ts",
  fetch: "src/integrations/fetch.ts",
}

/** The inspector's page: one script and one style, which load nothing else. */
async function buildPage(): Promise<void> {
  const from = "visualizations/inspector"
  await build({
    entryPoints: [`${from}/main.ts`, `${from}/page.css`],
    outdir: "dist/inspector",
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  })
  await copyFile(`${from}/index.html`, "dist/inspector/index.html")
}

export default defineConfig({
  entry: { ...doors, cli: "src/cli/main.ts" },
  format: "esm",
  platform: "node",
  target: "node22",
  splitting: true,
  treeshake: false, // esbuild's own tree shaking; rollup's second pass would cost time and source-map accuracy
  sourcemap: true,
  clean: true,
  silent: true,
  removeNodeProtocol: false,
  dts: { entry: doors },
  external: ["xstate", "effect", /^effect\//, "@grpc/grpc-js"],
  onSuccess: async () => {
    // commander is bundled into the command, and its licence asks to travel with it.
    await copyFile("node_modules/commander/LICENSE", "dist/cli.commander.LICENSE")
    await buildPage()
  },
})
