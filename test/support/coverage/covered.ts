/** The tests that say which lines and branches of machines/ and src/data-plane/ are run: those that mutants are held against. */
import { defineConfig, mergeConfig } from "vitest/config"
import mutants from "../mutation/mutants.ts"

export default mergeConfig(
  mutants,
  defineConfig({
    test: {
      // Long laws are slower still when they are counted, and run no line that the others do not.
      exclude: ["test/laws/reference.test.ts", "test/laws/interleavings.test.ts"],
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
  }),
)
