/** For `stryker.ts`, which says by the environment which tests are meant and where the report goes. */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "test/support/mutation/mutants.ts", related: false },
  coverageAnalysis: "perTest",
  // One process keeps one core busy, and the tests are not run in each other's way.
  concurrency: 1,
  // What goes round for ever is mostly found by counting; the rest must not be taken for it on a busy machine.
  timeoutMS: Number(process.env.MUTANT_WAIT_MS ?? 4_000),
  timeoutFactor: 3,
  dryRunTimeoutMinutes: 10,
  tempDirName: "coverage/stryker",
  reporters: ["json", "progress-append-only"],
  jsonReporter: { fileName: process.env.MUTANT_REPORT ?? "coverage/mutation/report.json" },
  ignorePatterns: ["dist", "coverage", "visualizations/*.png", "test/bench/nab"],
}
