/** One seed's world on real sockets of the loopback: its load here, its service in another process, the fault proxy between them. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { Agent, get } from "node:http"
import { fileURLToPath } from "node:url"
import { type FaultProxy, startFaultProxy } from "recloser/testing"
import { Errand } from "../../../src/testing/simulation/queue.ts"
import { Recording } from "../../../src/testing/simulation/record.ts"
import type { Scenario, Variant } from "../../../src/testing/simulation/scenario.ts"
import type { Call, Stage, World } from "../../../src/testing/simulation/world.ts"
import { Impatient, type MakeProtector, type Protector } from "./protectors.ts"
import { RealTime } from "./realTime.ts"
import type { Order, Report } from "./service.ts"

/** Time for the processes to be there. */
const leadMs = 500

export interface LoopbackRun {
  readonly scenario: Scenario
  readonly variant: Variant
  readonly seed: number
  readonly make: MakeProtector
  /** Ends before the world does. */
  readonly horizonMs?: number | undefined
}

class Generator implements Stage {
  readonly recording: Recording
  readonly #time: RealTime
  readonly #world: World
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  readonly #port: number
  readonly #protectorOf: (call: Call) => Protector
  readonly #underWay = new Set<Promise<void>>()
  readonly #horizonMs: number

  constructor(world: World, horizonMs: number, time: RealTime, port: number, protectorOf: (call: Call) => Protector) {
    this.recording = new Recording(horizonMs, world.faults, world.groups?.count)
    this.#horizonMs = horizonMs
    this.#world = world
    this.#time = time
    this.#port = port
    this.#protectorOf = protectorOf
  }

  get now(): number {
    return this.#time.now
  }
  plan: Stage["plan"] = (happening, at) => this.#time.plan(happening, at)
  cancel: Stage["cancel"] = (happening) => this.#time.cancel(happening)
  over(): void {}
  answer(): void {}

  offer(call: Call): void {
    if (call.offeredAt >= this.#horizonMs) return
    for (const record of this.#records(call)) record.offered(call.offeredAt)
    const ended = this.#make(call).finally(() => this.#underWay.delete(ended))
    this.#underWay.add(ended)
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#underWay)
    this.#agent.destroy()
  }

  #records(call: Call): readonly Recording[] {
    const group = this.recording.groups[this.#world.groups?.of(call) ?? -1]
    return group === undefined ? [this.recording] : [this.recording, group]
  }

  async #make(call: Call): Promise<void> {
    const protector = this.#protectorOf(call)
    const end = await protector
      .execute(call, (signal) => this.#request(call, signal))
      .then(
        () => "success" as const,
        (error: unknown) => protector.endOf(error),
      )
    const now = this.#time.real
    call.fate = end
    for (const record of this.#records(call)) {
      if (end === "refused") record.refused(call.offeredAt, now)
      else record.settled(end, call.offeredAt, now - call.offeredAt)
    }
    this.#world.load.ended?.(call, this)
  }

  /** Rejects when the caller's patience is over, though nobody told it. */
  #request(call: Call, signal: AbortSignal | undefined): Promise<void> {
    const { luck, client, key, offeredAt } = call
    this.recording.sent(offeredAt)
    return new Promise((resolve, reject) => {
      const path = `/?luck=${luck}&client=${client}&key=${key}`
      const request = get({ host: "127.0.0.1", port: this.#port, path, agent: this.#agent, signal }, (response) => {
        response.resume()
        if (response.statusCode === 200) response.once("end", resolve)
        else response.once("end", () => reject(new Error(`status ${response.statusCode}`)))
      })
      const leftMs = offeredAt + this.#world.patienceMs - this.#time.real
      const patience = Number.isFinite(leftMs)
        ? setTimeout(() => request.destroy(new Impatient()), Math.max(0, leftMs))
        : undefined
      request.on("error", reject)
      request.once("close", () => clearTimeout(patience))
    })
  }
}

async function startService({ scenario, variant, seed }: LoopbackRun): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL("./service.ts", import.meta.url)), [scenario.id, variant.id, String(seed)])
  const [report] = (await once(child, "message")) as [Report]
  if (!("port" in report)) throw new Error("the service did not tell its port")
  return { child, port: report.port }
}

/** Where a step outage is the service's, nobody listens: connections are refused, and those that stand are reset. */
async function playFaults(proxy: FaultProxy, time: RealTime, { scenario, variant }: LoopbackRun, world: World) {
  if (scenario.id !== "S1" || variant.id.includes("%") || variant.id.includes("timeouts")) return []
  return world.faults.flatMap(({ from, to }) => [
    setTimeout(() => proxy.set({ down: true }), from - time.real),
    setTimeout(() => proxy.set({}), to - time.real),
  ])
}

/** Plays it in real time, and answers what was recorded. */
export async function runLoopback(asked: LoopbackRun): Promise<Recording> {
  const { scenario, variant, seed, make } = asked
  const world = variant.world(seed, false)
  const horizonMs = Math.min(world.horizonMs, asked.horizonMs ?? world.horizonMs)
  const { child, port } = await startService(asked)
  const proxy = await startFaultProxy({ to: port })
  const begin = Date.now() + leadMs
  child.send({ begin } satisfies Order)
  const time = new RealTime(begin)
  const protectors = new Map<number, Protector>()
  const { each } = scenario
  const protectorOf = (call: Call): Protector => {
    const id = each === undefined ? 0 : call[each]
    const known = protectors.get(id) ?? make(world, (circuit) => generator.recording.moved(time.real, circuit))
    protectors.set(id, known)
    return known
  }
  const generator = new Generator(world, horizonMs, time, proxy.port, protectorOf)
  const timers = await playFaults(proxy, time, asked, world)
  try {
    time.plan(new Errand(() => world.load.start(generator)), 0)
    await new Promise((resolve) => setTimeout(resolve, horizonMs - time.real))
    time.stop(horizonMs)
    for (const timer of timers) clearTimeout(timer)
    await Promise.all([...protectors.values()].map((protector) => protector.stop()))
    child.send("end" satisfies Order)
    const [report] = (await once(child, "message")) as [Report]
    generator.recording.wastedMs = "wastedMs" in report ? report.wastedMs : Number.NaN
    await generator.end()
    if (child.exitCode === null) await once(child, "exit")
    return generator.recording
  } finally {
    await proxy.close()
    if (child.exitCode === null) child.kill()
  }
}
