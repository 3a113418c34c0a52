/** A process of its own is really stopped, or blocks its event loop, for longer than its calls may take. Its answers come meanwhile. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"

const program = fileURLToPath(new URL("../support/sleeper.ts", import.meta.url))
/** How long it sleeps is what is tried here: longer than its calls may take, which is a second. */
const deadlinesToPass = () => once(AbortSignal.timeout(1500), "abort")

/** Holds back what it is asked for under /held until it is told to answer. */
async function service() {
  const held: ServerResponse[] = []
  let arrived: ServerResponse | undefined
  const tell = () => void (held.length === 20 && arrived?.end())
  const server = createServer(({ url }, response) => {
    if (url === "/quick") response.end("quick")
    else if (url === "/held") held.push(response)
    else arrived = response
    tell()
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Done when the host's kernel has every answer. */
    answer: () => Promise.all(held.map((response) => new Promise<void>((done) => response.end("held", done)))),
  }
}

async function sleeper(how: "stopped" | "blocked") {
  const { url, answer } = await service()
  const flags = ["--disable-warning=ExperimentalWarning", program, url, how]
  const child = spawn(process.execPath, flags, { stdio: ["pipe", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const heard = async () => String((await lines.next()).value)
  return { child, answer, heard }
}

const well = { answered: 20, moves: [], timedOut: 0 }

test("a process that was stopped took its answers for timeouts when it went on", async () => {
  const { child, answer, heard } = await sleeper("stopped")
  expect(await heard()).toBe("awake")
  child.kill("SIGSTOP")
  await answer()
  await deadlinesToPass()
  child.kill("SIGCONT")
  expect(JSON.parse(await heard())).toEqual(well)
})

test("a process whose event loop was blocked took its answers for timeouts", async () => {
  const { child, answer, heard } = await sleeper("blocked")
  expect(await heard()).toBe("asleep")
  await answer()
  await deadlinesToPass()
  child.stdin.end()
  expect(JSON.parse(await heard())).toEqual(well)
})
