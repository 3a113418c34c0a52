/** The tests that mutants of machines/ and src/data-plane/ are held against: those of the sources, without what measures or draws. */
import { defineConfig } from "vitest/config"
import base from "../../../vitest.config.ts"

interface Project {
  readonly resolve: object
  readonly test: { readonly exclude: readonly string[] }
}

const [source] = (base.test?.projects ?? []) as unknown as readonly [Project]
const kinds = ["laws", "machines", "contracts", "data-plane", "doors", "regressions"]

export default defineConfig({
  resolve: source.resolve,
  test: {
    // StrykerJS asks for the tests of one file at a time.
    include: process.env.MUTANT_TESTS?.split(",") ?? kinds.map((kind) => `test/${kind}/**/*.test.ts`),
    exclude: [...source.test.exclude],
    testTimeout: 20_000,
  },
})
