import { createServer } from "node:http"
import { describe, expect, it } from "vitest"
import manifest from "../../package.json" with { type: "json" }
import { listen, shut } from "../../src/cli/demo/listen.ts"
import { baseUrl, conflictOf, type DemoOptions, numberBetween, wholeBetween } from "../../src/cli/demo/options.ts"
import { scenarios } from "../../src/testing/simulation/scenarios/catalogue.ts"
import { run } from "./command.ts"

describe("option values", () => {
  it.each(["NaN", "Infinity", "-1", "0", "", " ", "3x", "1e9"])("refuses the duration %j", (text) => {
    expect(() => numberBetween(1, 3600)(text)).toThrow("Give a number from 1 to 3600.")
  })

  it("takes whole and fractional durations", () => {
    expect([numberBetween(1, 3600)("20"), numberBetween(1, 3600)("2.5")]).toEqual([20, 2.5])
  })

  it.each(["65536", "-1", "80.5", "0x10", "", "http"])("refuses the port %j", (text) => {
    expect(() => wholeBetween(0, 65_535)(text)).toThrow("Give a whole number from 0 to 65535.")
  })

  it.each([
    "example.com",
    "ftp://example.com",
    "file:///etc",
    `http://${"me:secret"}@example.com`,
    "http://example.com/?q=1",
    "http://example.com/#x",
  ])("refuses the address %j", (text) => {
    expect(() => baseUrl(text)).toThrow(/^Give /)
  })

  it("refuses a load that could flood a real service, and a gateway that forwards to itself", () => {
    const asked: DemoOptions = {
      ...{ duration: undefined, port: 8080, seed: 1, rate: undefined, json: false, color: true },
      scenario: "incident",
      to: new URL("http://127.0.0.1:8080/"),
    }
    expect(conflictOf(asked)).toContain("forward to itself")
    expect(conflictOf({ ...asked, port: 0, rate: 400 })).toContain("at most 50")
    expect(conflictOf({ ...asked, port: 0, rate: 50 })).toBeUndefined()
    expect(conflictOf({ ...asked, port: 0 }, true)).toContain("give one of them")
  })
})

describe("recloser on the command line", () => {
  it("tells its version and its options", async () => {
    const [version, help] = await Promise.all([run("--version"), run("demo", "--help")])
    expect(version).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" })
    expect(help.code).toBe(0)
    for (const option of ["--duration", "--port", "--json", "--scenario", "--no-color", "--seed", "--rate", "--to"]) {
      expect(help.stdout).toContain(option)
    }
  })

  it.each([
    [["demi"], "unknown command 'demi'"],
    [["demo", "--speed", "3"], "unknown option '--speed'"],
    [["demo", "extra"], "too many arguments"],
    [["demo", "--duration", "soon"], "Give a number from 1 to 3600."],
    [["demo", "--port"], "argument missing"],
    [["demo", "--scenario", "flood"], "Allowed choices are incident, overload"],
    [["demo", "--to", "http://127.0.0.1:9", "--rate", "60"], "at most 50"],
  ])("answers %j with what is wrong, and exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  })

  it.each(["demo", "simulate", "diagram", "inspect", "operate", "replay", "coverage", "detect"])(
    "points whoever misuses %s to its own help",
    async (command) => {
      const { code, stderr } = await run(command, "--nonsense")
      expect(stderr.trim().split("\n").at(-1)).toBe(`(see recloser ${command} --help)`)
      expect(code).toBe(2)
    },
  )

  it("tells of all scenarios", async () => {
    const [first, last] = [scenarios[0]?.id, scenarios.at(-1)?.id]
    expect((await run("simulate", "--help")).stdout).toContain(`${first} to ${last}`)
    expect(scenarios.map(({ id }) => id)).toEqual(scenarios.map((_, index) => `S${index + 1}`))
  })

  it("names a busy port and says what to do, and exits with 1", async () => {
    const server = createServer()
    const port = await listen(server, 0)
    const { code, stdout, stderr } = await run("demo", "--port", String(port), "--json")
    await shut(server)
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is already in use`)
    expect(stderr).toContain("--port <n>")
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
  })
})
