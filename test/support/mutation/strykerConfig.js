/** For `run.ts`, which says by the environment which tests are meant and where the report goes. */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "test/support/mutation/mutants.ts", related: false },
  coverageAnalysis: "perTest",
  concurrency: 2,
  timeoutMS: 30_000,
  dryRunTimeoutMinutes: 20,
  tempDirName: "coverage/stryker",
  reporters: ["json"],
  jsonReporter: { fileName: process.env.MUTANT_REPORT ?? "coverage/mutation/report.json" },
  ignorePatterns: ["dist", "coverage", "visualizations/*.png", "test/bench/nab"],
}
