/** Kills a service at random points, again and again: each life takes up what the one before had saved. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { stream } from "../../../src/testing/simulation/random.ts"

const program = fileURLToPath(new URL("program.ts", import.meta.url))
const flags = ["--disable-warning=ExperimentalWarning"]

type Fact =
  | { readonly restored: { readonly one: number; readonly many: number }; readonly circuits: readonly string[] }
  | { readonly wedged: readonly string[]; readonly troubles: readonly string[] }
  | { readonly saved: number; readonly at: number }

export interface Lives {
  kills: number
  /** Writes that were finished, by their own words. */
  writes: number
  /** Lives that took up a breaker that was not closed. */
  ill: number
  /** What could not be read or taken up, each with the seed of its life. */
  readonly unreadable: string[]
  /** Breakers that did not serve again although the service was well. */
  readonly wedged: string[]
  /** States that were said to be written and were not there in the next life. */
  readonly lost: string[]
}

/** The dying point: after so many saves, and so many microseconds into what comes then. */
function pointOf(seed: number): { readonly saves: number; readonly spinUs: number } {
  const random = stream(seed, "kill")
  return { saves: Math.floor(random.between(0, 6)), spinUs: random.between(0, 4000) }
}

/** Busy on purpose: no timer of the host is as fine as this. */
function spin(us: number): void {
  const end = performance.now() + us / 1000
  while (performance.now() < end);
}

async function live(seed: number, folder: string, lastAt: number, lives: Lives): Promise<number> {
  const { saves, spinUs } = pointOf(seed)
  const child = spawn(process.execPath, [...flags, program, folder, String(seed)], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  let at = lastAt
  let isKilled = false
  child.stderr.on("data", (data) => {
    said += String(data)
  })
  const over = new Promise<void>((resolve) => child.on("close", () => resolve()))
  const kill = () => {
    if (isKilled) return
    isKilled = true
    spin(spinUs)
    child.kill("SIGKILL")
  }
  createInterface({ input: child.stdout }).on("line", (line) => {
    const fact = JSON.parse(line) as Fact
    if ("restored" in fact) {
      if (fact.restored.one < lastAt) lives.lost.push(`seed ${seed}: ${fact.restored.one} instead of ${lastAt}`)
      if (fact.circuits.some((circuit) => circuit !== "closed")) lives.ill++
    } else if ("wedged" in fact) {
      for (const what of fact.wedged) lives.wedged.push(`seed ${seed}: ${what}`)
      for (const what of fact.troubles) lives.unreadable.push(`seed ${seed}: ${what}`)
      if (saves === 0) kill()
    } else {
      lives.writes++
      at = fact.at
      if (fact.saved >= saves) kill()
    }
  })
  await over
  lives.kills += isKilled ? 1 : 0
  if (!isKilled) lives.unreadable.push(`seed ${seed}: ended by itself: ${said}`)
  return at
}

/** So many lives, one after the other in one folder. `told` hears of each. */
export async function lives(seeds: Iterable<number>, told: (lives: Lives) => void = () => {}): Promise<Lives> {
  const folder = mkdtempSync(join(tmpdir(), "recloser-crash-"))
  const all: Lives = { kills: 0, writes: 0, ill: 0, unreadable: [], wedged: [], lost: [] }
  try {
    let lastAt = 0
    for (const seed of seeds) {
      lastAt = await live(seed, folder, lastAt, all)
      told(all)
    }
    return all
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
