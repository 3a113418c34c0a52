/** The tests that say which lines and branches of machines/ and src/data-plane/ are run: those of the sources, without what measures or draws. */
import { defineConfig, type ViteUserConfig } from "vitest/config"
import { aboutThePackage, resolve } from "../../../vitest.config.ts"

const kinds = ["laws", "machines", "contracts", "data-plane", "doors", "regressions"]
// They are slower still when they are counted, and run no line that the others do not.
const long = ["test/laws/reference.test.ts", "test/laws/interleavings.test.ts"]

export default defineConfig({
  resolve,
  test: {
    include: kinds.map((kind) => `test/${kind}/**/*.test.ts`),
    exclude: [...aboutThePackage, ...long],
    testTimeout: 240_000,
    coverage: {
      enabled: true,
      provider: "v8",
      include: ["machines/**/*.ts", "src/data-plane/**/*.ts"],
      reporter: ["json-summary", "json"],
      reportsDirectory: "coverage/lines",
      reportOnFailure: true,
    },
  },
} as ViteUserConfig)
