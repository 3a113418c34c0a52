/** The tests that mutants of machines/ and src/data-plane/ are held against: those of the sources, without what measures or draws. */

import { defineConfig, type ViteUserConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { aboutThePackage, resolve } from "../../../vitest.config.ts"
import { StandingWorker } from "./StandingWorker.ts"

// StrykerJS asks for the tests of some files at a time, the likeliest to kill first.
const tests = process.env.MUTANT_TESTS?.split(",") ?? []

class AsAsked extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => tests.findIndex((test) => moduleId.endsWith(test))
    return [...files].sort((one, other) => place(one) - place(other))
  }
}

/** StrykerJS names a pool of its own on the command line, so ours is put in its place afterwards. */
const standing = {
  name: "standing",
  configureVitest({ project }: { project: { config: object } }) {
    const createPoolWorker = (options: ConstructorParameters<typeof StandingWorker>[0]) => new StandingWorker(options)
    Object.assign(project.config, { pool: "standing", poolRunner: { name: "standing", createPoolWorker } })
  },
}

export default defineConfig({
  resolve,
  plugins: [standing],
  test: {
    include: tests,
    exclude: aboutThePackage,
    setupFiles: ["test/support/mutation/eachFile.ts"],
    sequence: { sequencer: AsAsked, setupFiles: "list" },
    testTimeout: 20_000,
  },
} as ViteUserConfig)
