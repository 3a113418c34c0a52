import { describe, expect, it } from "vitest"
import { run } from "./command.ts"

const bare = '{"strategy":"basic","timeout":false,"metrics":false,"priority":false}'

describe("recloser coverage", () => {
  it("draws the charts of a config, with lit arrows, and unlit ones where nothing could be taken", async () => {
    const { code, stdout, stderr } = await run("coverage", "--config", bare)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect([...stdout.matchAll(/data-chart="(\w+)"/g)].map(([, key]) => key)).toEqual(["breaker", "basic"])
    const [, root = "", basic = ""] = stdout.split("data-chart=")
    expect(basic.match(/class="move lit"/g)?.length).toBeGreaterThan(5)
    expect(basic).not.toContain('class="move unlit"')
    // How parts fail to start is beyond a config.
    expect(root).toContain('class="move apart"')
  })

  it("prints the table, the paths and the same as JSON", async () => {
    const text = await run("coverage", "--config", bare, "--format", "text")
    expect(text.stdout).toMatch(/^basic +5\/5 +14\/14/m)
    expect(text.stdout).toContain("\n  calls fail → open; time passes → halfOpen; calls succeed → closed\n")
    const json = JSON.parse((await run("coverage", "--config", bare, "--format", "json")).stdout)
    expect(json).toMatchObject({ states: { covered: 16, of: 16 }, transitions: { covered: 30, beyond: 28, of: 58 } })
    expect(json.unlit).toEqual([])
    expect(json.beyond).toContainEqual({
      what: "breaker: lifecycle.starting on xstate.error.actor.* is never taken",
      why: "only when a part breaks down, which none does by itself",
    })
  })

  it.each([
    [["--config", '{"strategy":"quick"}'], "config.strategy"],
    [["--config", "./nowhere.json"], "there is no such file"],
    [["--format", "png"], "Allowed choices are svg, text, json"],
  ])("answers %j with what is wrong, and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run("coverage", ...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  })
})
