/** What the pictures in README show: scripted on a virtual clock, so that the page says the same each time. */
import type { Page } from "playwright-core"
import type { Breaker } from "../../../src/Breaker.ts"
import type { BreakerConfig } from "../../../src/BreakerConfig.ts"
import { createBreaker } from "../../../src/createBreaker.ts"
import type { VirtualClock } from "../../../src/testing/virtualClock.ts"

type Weather = "well" | "failing" | "slow"

export interface Scene {
  readonly name: "overview" | "breaker"
  readonly control: boolean
  readonly viewport: { readonly width: number; readonly height: number }
  readonly isWhole: boolean
  /** Its breakers, from the beginning. */
  begin(clock: VirtualClock): readonly Breaker[]
  /** What happens before the page is opened, and while it is. */
  before(clock: VirtualClock, breakers: readonly Breaker[]): Promise<void>
  show(page: Page, clock: VirtualClock, breakers: readonly Breaker[]): Promise<void>
}

const stepMs = 20

const wait = (clock: VirtualClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.arm(ms, resolve, false)
  })

/** A call every few hundredths of a second to each, for so long. */
async function traffic(
  clock: VirtualClock,
  breakers: readonly Breaker[],
  ms: number,
  weatherOf: (name: string, endpoint: string | undefined) => Weather,
): Promise<void> {
  for (let at = 0; at < ms; at += stepMs) {
    for (const [index, breaker] of breakers.entries()) {
      if ((at / stepMs) % (index + 2) !== 0) continue
      void breaker.tryExecute(async ({ endpoint }) => {
        const weather = weatherOf(breaker.name, endpoint?.id)
        await wait(clock, weather === "slow" ? 950 : 8 + ((at * 7) % 23))
        if (weather === "failing") throw new Error("503")
      })
    }
    await clock.advance(stepMs)
  }
}

const config: BreakerConfig = { timeout: "1 second" }

const overview: Scene = {
  name: "overview",
  control: false,
  viewport: { width: 1240, height: 720 },
  isWhole: false,
  begin: (clock) => ["catalog", "payments", "reviews"].map((name) => createBreaker(name, config, { clock })),
  before: async (clock, breakers) => {
    await traffic(clock, breakers, 12_000, () => "well")
    await traffic(clock, breakers, 3000, (name) => (name === "payments" ? "failing" : "well"))
    const ill: { readonly [name: string]: Weather } = { payments: "failing", reviews: "slow" }
    await traffic(clock, breakers, 7000, (name) => ill[name] ?? "well")
  },
  show: async (page, clock, breakers) => {
    const ill: { readonly [name: string]: Weather } = { payments: "failing", reviews: "slow" }
    await traffic(clock, breakers, 1600, (name) => ill[name] ?? "well")
    await page.locator(".incident").filter({ hasText: "Next probe in" }).first().waitFor()
  },
}

const places = ["a", "b", "c"].map((id) => ({ id, address: `10.0.0.${id === "a" ? 7 : id === "b" ? 8 : 9}:80` }))

const breaker: Scene = {
  name: "breaker",
  control: true,
  viewport: { width: 1240, height: 900 },
  isWhole: true,
  begin: (clock) => [createBreaker("ledger", { ...config, discovery: { endpoints: places } }, { clock })],
  before: (clock, breakers) => traffic(clock, breakers, 15_000, () => "well"),
  show: async (page, clock, breakers) => {
    await page.locator(".rows .row").click()
    await page.locator('[data-machine="gradual"] .state.active').first().waitFor()
    await traffic(clock, breakers, 16_000, () => "well")
    await traffic(clock, breakers, 6000, (_name, endpoint) => (endpoint === "b" ? "failing" : "well"))
    await page.locator(".standing li").filter({ hasText: "endpoint b is left out" }).waitFor()
  },
}

export const scenes: readonly Scene[] = [overview, breaker]
