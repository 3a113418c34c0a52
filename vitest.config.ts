import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { Tally } from "./test/support/Tally.ts"

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Tests import the doors by their public names, and get the sources. */
const doors = {
  recloser: here("./src/index.ts"),
  "recloser/effect": here("./src/effect.ts"),
  "recloser/machines": here("./src/machines.ts"),
  "recloser/testing": here("./src/testing/index.ts"),
  "recloser/inspect": here("./src/inspect.ts"),
  "recloser/discovery": here("./src/discovery.ts"),
  "recloser/health": here("./src/health.ts"),
  "recloser/grpc": here("./src/integrations/grpc.ts"),
  "recloser/fetch": here("./src/integrations/fetch.ts"),
}

/** These look at what `npm run build` made, so they have a project of their own that packs it once. */
export const aboutThePackage = ["test/package/**/*.test.ts", "test/types/**/*.test.ts", "test/tidy/publicApi.test.ts"]

/** These touch nothing outside themselves, so that one process may run one after the other: half a second less for each file. */
const pure = ["machines", "data-plane", "contracts", "laws"].map((folder) => `test/${folder}/**/*.test.ts`)

/** Room for what lives shortly: tests make a lot of it, and collecting it would take a tenth of their time. */
const execArgv = ["--min-semi-space-size=64", "--max-semi-space-size=64"]

export const resolve = {
  alias: Object.entries(doors).map(([name, path]) => ({ find: new RegExp(`^${name}$`), replacement: path })),
}

export default defineConfig({
  test: {
    reporters: ["default", new Tally()],
    allowOnly: false,
    passWithNoTests: false,
    // What hangs is told from what is slow: two of them share two cores.
    testTimeout: 60_000,
    // By default one core is left idle: of two, that is half.
    maxWorkers: "100%",
    projects: [
      {
        resolve,
        test: { name: "source", execArgv, include: ["test/**/*.test.ts"], exclude: [...aboutThePackage, ...pure] },
      },
      { resolve, test: { name: "pure", execArgv, include: pure, isolate: false } },
      {
        test: {
          name: "package",
          include: aboutThePackage,
          globalSetup: "test/support/packed.ts",
          testTimeout: 120_000,
        },
      },
    ],
  },
})
