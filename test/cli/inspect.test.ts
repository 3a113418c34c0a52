import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { listen, shut } from "../../src/cli/demo/listen.ts"
import { doorFor, preload } from "../../src/cli/inspect/program.ts"
import { readRecording } from "../../src/observability/recording/read.ts"
import { folder, incident } from "../support/incident.ts"
import { asking, isOverview, openPage } from "../support/listening.ts"
import { root } from "../support/repository.ts"
import { ended, lineOf, run, start } from "./command.ts"

const addressIn = (line: string) => ({ url: line.replace("inspector: ", "") })

/** A program that makes a breaker, says so, and lives until it is told to end; `heeds`: it says how. */
const program = (heeds = true): string => {
  const file = join(folder(), "server.ts")
  const source = new URL("../../src/index.ts", import.meta.url).href
  writeFileSync(
    file,
    `import { createBreaker } from ${JSON.stringify(source)}
     const breaker = createBreaker("orders")
     await breaker.execute(async () => 1)
     const living = setInterval(() => {}, 1000)
     ${heeds ? 'process.on("SIGTERM", () => { clearInterval(living); process.exitCode = 7 })' : ""}
     console.log("up " + process.argv.slice(2).join(" "))`,
  )
  return file
}

describe("recloser inspect", () => {
  it("runs a program with the inspector in it, hands it its arguments and signals, and ends as it ends", async () => {
    const record = join(folder(), "orders.ndjson")
    const child = start("inspect", "--record", record, program(), "--port", "80")
    const all = ended(child)
    await lineOf(child, (line) => line === "up --port 80")
    child.kill("SIGTERM")
    const { code, stderr } = await all
    expect(code).toBe(7)
    expect(stderr).toMatch(/^inspector: http:\/\/127\.0\.0\.1:\d+\/#[\w-]{32}\n$/)
    const { lines } = readRecording(record, readFileSync(record))
    expect(lines[0]).toMatchObject({ t: "breaker", name: "orders" })
  })

  it("closes the recording of a program that a signal ends: it was cut off", async () => {
    const record = join(folder(), "orders.ndjson")
    const child = start("inspect", "--record", record, program(false))
    const all = ended(child)
    await lineOf(child, (line) => line.startsWith("up"))
    child.kill("SIGTERM")
    expect((await all).code).toBe(143)
    expect(readRecording(record, readFileSync(record)).isWhole).toBe(true)
  })

  it("shows the page of a recording until it is stopped", async () => {
    const { file } = await incident({ seconds: 3 })
    const child = start("inspect", file)
    const all = ended(child)
    const served = addressIn(await lineOf(child, (line) => line.startsWith("inspector: ")))
    expect(await (await asking(served, "/api/about")).json()).toMatchObject({
      recording: "incident.ndjson",
      control: false,
    })
    expect(await (await asking(served, "/api/recording")).json()).toMatchObject({ decisions: 150, agreed: 150 })
    child.kill("SIGINT")
    expect(await all).toMatchObject({ code: 0, stderr: "" })
  })

  it("takes the library that the program has, and ours where it has none", () => {
    const place = folder()
    const installed = join(place, "node_modules/recloser")
    expect(doorFor(join(place, "server.js"))).toBe(new URL("../../src/inspect.ts", import.meta.url).href)
    mkdirSync(join(installed, "dist"), { recursive: true })
    writeFileSync(join(installed, "package.json"), readFileSync(join(root, "package.json")))
    writeFileSync(join(installed, "dist/inspect.js"), "")
    expect(doorFor(join(place, "server.js"))).toMatch(/node_modules\/recloser\/dist\/inspect\.js$/)
    symlinkSync(join(place, "server.js"), join(place, 'it\'s a "name".js'))
    const code = decodeURIComponent(preload('file:///a "b"', { port: 0, control: true, record: 'x"y' }, 'it\'s "a"'))
    expect(code).toContain('from "file:///a \\"b\\""')
  })

  it.each([
    [["./nowhere.js"], 2, "there is no such file"],
    [["./package.json", "--port"], 1, ""],
    [[], 2, "missing required argument 'file'"],
    [["--port", "x", "./package.json"], 2, "Give a whole number"],
  ])("answers %j with what is wrong", async (args, code, message) => {
    const answer = await run("inspect", ...args)
    expect(answer.stderr).toContain(message)
    expect(answer.code).toBe(code)
  })

  it("says that a port is in use", async () => {
    const { file } = await incident({ seconds: 1 })
    const server = createServer()
    const port = await listen(server, 0)
    const { code, stderr } = await run("inspect", "--port", String(port), file)
    await shut(server)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `recloser: port ${port} on 127.0.0.1 is already in use: choose another, or 0 for any free one\n`,
    })
  })
})

describe("recloser demo", () => {
  it("prints one line with the address of its inspector, which shows its breakers", async () => {
    const child = start("demo", "--duration", "60")
    const all = ended(child)
    const inspector = addressIn(await lineOf(child, (line) => line.startsWith("inspector: ")))
    const page = await openPage(inspector)
    const { rows } = await page.until(isOverview)
    expect(rows.map(({ name }) => name).sort()).toEqual(["catalog", "payments", "reviews"])
    page.close()
    child.kill("SIGINT")
    const { code, stderr, stdout } = await all
    expect({ code, stderr, lines: stdout.match(/^inspector: /gm)?.length }).toEqual({ code: 0, stderr: "", lines: 1 })
  })

  it("leaves the inspector out when it is told to", async () => {
    const { stdout } = await run("demo", "--duration", "1", "--no-inspect")
    expect(stdout).not.toContain("inspector")
  })
})
