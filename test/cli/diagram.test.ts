import { describe, expect, it } from "vitest"
import { run } from "./command.ts"

describe("recloser diagram", () => {
  it("draws what the default config runs", async () => {
    const { code, stdout, stderr } = await run("diagram")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    for (const key of ["breaker", "gradual", "timeout", "metrics"])
      expect(stdout).toContain(`state "${key}" as ${key} {`)
    expect(stdout).not.toContain('"basic"')
  })

  it("draws what a config runs", async () => {
    const config = '{"strategy":{"type":"dependency","own":"basic"},"timeout":false,"metrics":false,"priority":false}'
    const { code, stdout } = await run("diagram", "--config", config, "--format", "svg")
    expect(code).toBe(0)
    expect([...stdout.matchAll(/data-chart="(\w+)"/g)].map(([, key]) => key)).toEqual([
      "breaker",
      "dependency",
      "basic",
    ])
  })

  it.each([
    ["mermaid", /^stateDiagram-v2\n/],
    ["dot", /^digraph "basic" \{/],
    ["scxml", /^<\?xml /],
    ["svg", /^<svg /],
  ])("draws one machine as %s", async (format, beginning) => {
    const { code, stdout } = await run("diagram", "basic", "--format", format)
    expect(code).toBe(0)
    expect(stdout).toMatch(beginning)
    expect(stdout).toContain("halfOpen")
  })

  it.each([
    [["nothing"], "there is no machine nothing; there are: breaker, basic, gradual"],
    [["basic", "--format", "png"], "Allowed choices are mermaid, dot, scxml, svg"],
    [["basic", "--config", "{}"], "name no machine"],
    [["--config", '{"strategy":"quick"}'], "config.strategy"],
    [["--config", "./nowhere.json"], "there is no such file"],
  ])("answers %j with what is wrong, and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run("diagram", ...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  })
})
