/** Whether a breaker keeps a process alive can only be seen from outside: these run a small program and wait for its end. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

type Finish = (end: () => void) => void

/** Runs a program to its own end; one that outlives its test is ended, so that a failure leaves nothing behind. */
function run(program: string, whenFinished: Finish): Promise<{ readonly code: number | null; readonly out: string }> {
  const text = `import { createBreaker } from "./src/index.ts"\n${program}`
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", text]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  whenFinished(() => void child.kill("SIGKILL"))
  let out = ""
  child.stdout.on("data", (data) => {
    out += String(data)
  })
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, out: out.trim() }))
  })
}

describe.concurrent("a process", () => {
  test("was kept alive by an idle breaker that nobody stopped", async ({ expect, onTestFinished }) => {
    const program = `
      const breaker = createBreaker("service", { strategy: { type: "basic", slowCalls: { after: "1 hour" } }, timeout: "1 hour" })
      await breaker.execute(async () => {})
      console.log(breaker.circuit)
    `
    const { code, out } = await run(program, onTestFinished)
    expect({ code, out }).toEqual({ code: 0, out: "closed" })
  })

  test("was kept alive by an open breaker's wait, a probe's lease or a permit's", async ({
    expect,
    onTestFinished,
  }) => {
    const program = `
      const strategy = { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: "1 hour", probes: { lease: "1 hour" } }
      const open = createBreaker("open", { strategy })
      await open.tryExecute(async () => { throw new Error("down") })
      const probing = createBreaker("probing", { strategy })
      probing.forceOpen("now")
      probing.release("now")
      probing.acquire()
      createBreaker("idle").acquire({ lease: "1 hour" })
      console.log(open.circuit, probing.circuit)
    `
    const { code, out } = await run(program, onTestFinished)
    expect({ code, out }).toEqual({ code: 0, out: "open halfOpen" })
  })

  test("ended before a call that somebody awaits had timed out", async ({ expect, onTestFinished }) => {
    const program = `
      const breaker = createBreaker("service")
      const end = await breaker.tryExecute(() => new Promise(() => {}), { deadline: "50 millis" })
      console.log(end.error._tag)
    `
    const { code, out } = await run(program, onTestFinished)
    expect({ code, out }).toEqual({ code: 0, out: "CallTimedOut" })
  })

  test("kept timers after a stop, or ended before the stop was done", async ({ expect, onTestFinished }) => {
    const program = `
      const breaker = createBreaker("service", { timeout: "1 hour" })
      const call = breaker.tryExecute(() => new Promise(() => {}))
      await breaker.stop({ grace: "20 millis" })
      console.log((await call).error.layer, breaker.phase)
      process.on("exit", () => console.log(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length))
    `
    const { code, out } = await run(program, onTestFinished)
    expect({ code, out }).toEqual({ code: 0, out: "lifecycle stopped\n0" })
  })

  test("was kept alive by a query that waits for a change of a registry", async ({ expect, onTestFinished }) => {
    const program = `
      import { createServer } from "node:http"
      import { fromConsul } from "./src/discovery.ts"
      const hold = setInterval(() => {}, 1000)
      // Nothing ever changes there, and it keeps nobody alive itself.
      const server = createServer((request, response) => {
        if (!request.url.includes("index=")) return response.writeHead(200, { "x-consul-index": "1" }).end("[]")
        console.log("asked")
        clearInterval(hold)
      })
      server.on("connection", (socket) => socket.unref())
      server.listen(0, "127.0.0.1", () => {
        const url = "http://127.0.0.1:" + server.address().port
        createBreaker("service", { discovery: { endpoints: ["a"], provider: fromConsul({ service: "search", url }) } })
      }).unref()
    `
    const { code, out } = await run(program, onTestFinished)
    expect({ code, out }).toEqual({ code: 0, out: "asked" })
  })
})

test("this suite runs on a Node that strips types", () => {
  expect(process.features.typescript).toBeTruthy()
})
