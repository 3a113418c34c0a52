/** C11: what it costs to be looked at. C12: what looking at ten thousand breakers costs a browser. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createBreaker, createBreakers } from "recloser"
import { startInspector, startRecorder } from "recloser/inspect"
import { openBrowser } from "../../support/chromium.ts"
import { type CostCase, threeProcesses } from "../case.ts"
import { causes } from "../causes.ts"
import { measureRounds, type Subject, sleep } from "../measure.ts"
import { work } from "../subjects/floor.ts"
import { alone } from "../subjects/recloser.ts"

const plain = "not looked at"
const idle = "inspector started, recorder stopped"
const recorded = "recording"
const busy = "default config, not looked at"
const busyRecorded = "default config, recording"

const succeeding = (name: string, config: Parameters<typeof createBreaker>[1]): Subject => {
  const breaker = createBreaker(name, config)
  return {
    name,
    calls: 30_000,
    run: async (total) => {
      let sum = 0
      for (let i = 0; i < total; i++) sum += await breaker.execute(work)
      return sum
    },
  }
}

export const looking: CostCase = {
  id: "C11",
  title: "A successful call of a breaker that is looked at",
  jobs: threeProcesses("C11"),
  tables: [
    {
      id: "C11",
      title: "time per call, `await` included",
      unit: "ns",
      rows: {
        [plain]: "C1's breaker without components",
        [idle]: "the same, while the inspector runs with no page open, and after a recorder was stopped",
        [recorded]: "the same, with every call written to a file",
        [busy]: "`{}`",
        [busyRecorded]: "`{}`, with every call written to a file",
      },
      goals: [
        { text: "idle ≤ 1.05 × not looked at", compare: "ratio", pairs: [[idle, plain]], max: 1.05 },
        {
          text: "defaults, recording ≤ 1.5 × not recording",
          compare: "ratio",
          pairs: [[busyRecorded, busy]],
          max: 1.5,
          cause: causes.recordingDefaults,
        },
        {
          text: "bare, recording ≤ 1.5 × not recording",
          compare: "ratio",
          pairs: [[recorded, plain]],
          max: 1.5,
          cause: causes.recording,
        },
      ],
    },
  ],
  run: async ({ turn, quick }) => {
    const folder = mkdtempSync(join(tmpdir(), "recloser-bench-"))
    const subjects = [succeeding(plain, alone), succeeding(idle, alone), succeeding(recorded, alone)]
    const defaults = [succeeding(busy, {}), succeeding(busyRecorded, {})]
    const inspector = await startInspector({ breakers: (name) => name === idle })
    startRecorder({ file: join(folder, "stopped.ndjson"), breakers: (name) => name === idle }).stop()
    const isRecorded = (name: string) => name === recorded || name === busyRecorded
    const recorder = startRecorder({ file: join(folder, "running.ndjson"), breakers: isRecorded })
    const readings = await measureRounds([...subjects, ...defaults], { rounds: quick ? 7 : 15, warmUp: 3, turn })
    recorder.stop()
    await inspector.stop()
    rmSync(folder, { recursive: true })
    return { C11: readings }
  },
}

const page = "the overview of 10 000 breakers"
const whole = "the browser that shows it"
const keys = 10_000

/** So many keys, a fifth of them called each second, one in a hundred of them failing. */
function traffic(): { stop(): Promise<void> } {
  const perHost = createBreakers({ max: keys })
  const names = Array.from({ length: keys }, (_, index) => `host-${index}.example`)
  for (const name of names) perHost.get(name)
  let next = 0
  const timer = setInterval(() => {
    for (let call = 0; call < keys / 50; call++) {
      const name = names[next++ % keys] ?? ""
      const fails = next % 100 === 0
      void perHost.get(name).tryExecute(async () => {
        if (fails) throw new Error("503")
      })
    }
  }, 100)
  return {
    stop: () => {
      clearInterval(timer)
      return perHost.stop()
    },
  }
}

export const pageOfMany: CostCase = {
  id: "C12",
  title: "The inspector's page with 10 000 breakers, a fifth of them called each second, in Chromium without a GPU",
  jobs: threeProcesses("C12"),
  tables: [
    {
      id: "C12",
      title: "time between two frames, 95th percentile",
      unit: "ms",
      rows: { [page]: "15 s of live updates, while the table is scrolled" },
      goals: [{ text: "frame p95 ≤ 50 ms", compare: "value", pairs: [[page, page]], max: 50 }],
    },
    {
      id: "C12 memory",
      title: "memory after that",
      unit: "MB",
      rows: {
        [page]: "JavaScript heap of the page, as the browser reports it",
        [whole]: "resident memory beyond an empty page, of all of its processes",
      },
      goals: [
        {
          text: "memory ≤ 300 MB",
          compare: "value",
          pairs: [
            [page, page],
            [whole, whole],
          ],
          max: 300,
        },
      ],
    },
  ],
  run: async ({ quick }) => {
    const load = traffic()
    const inspector = await startInspector()
    const browser = await openBrowser()
    const tab = await browser.newPage()
    const system = await browser.newBrowserCDPSession()
    const residentMb = async () => {
      const { processInfo } = await system.send("SystemInfo.getProcessInfo")
      return processInfo.reduce((sum, { id }) => sum + residentOf(id), 0)
    }
    const emptyMb = await residentMb()
    await tab.goto(inspector.url)
    await tab.locator(".chip", { hasText: /closed (9,9|10,0)/ }).waitFor()
    await sleep(2000)
    const { frames, changes } = await tab.evaluate(watchFrames, quick ? 5000 : 15_000)
    const fullMb = await residentMb()
    // A page that draws nothing is quick, and says nothing.
    if (changes < 20) throw new Error(`only ${changes} changes of the table were seen`)
    const session = await tab.context().newCDPSession(tab)
    await session.send("Performance.enable")
    const { metrics } = await session.send("Performance.getMetrics")
    const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN
    await browser.close()
    await inspector.stop()
    await load.stop()
    const sorted = frames.toSorted((one, other) => one - other)
    const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN
    return { C12: { [page]: [p95] }, "C12 memory": { [page]: [heap / 1e6], [whole]: [fullMb - emptyMb] } }
  },
}

/** In megabytes, as Linux counts it; 0 for a process that has ended. */
function residentOf(pid: number): number {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : ""
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

/** Runs in the page: the times between frames, and how often rows change, while the table is scrolled to and fro. */
function watchFrames(durationMs: number): Promise<{ frames: number[]; changes: number }> {
  return new Promise((resolve) => {
    const frames: number[] = []
    let changes = 0
    new MutationObserver((records) => {
      changes += records.length
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
    const rows = document.querySelector(".rows")
    const startedAt = performance.now()
    let last = startedAt
    const frame = (now: number) => {
      frames.push(now - last)
      last = now
      rows?.scrollTo(0, 100_000 * (1 + Math.sin((now - startedAt) / 2000)))
      if (now - startedAt < durationMs) requestAnimationFrame(frame)
      else resolve({ frames: frames.slice(1), changes })
    }
    requestAnimationFrame(frame)
  })
}
