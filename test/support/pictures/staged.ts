/** A scene in a browser, and by what it is known again: what the page says, and its style. */
import { createHash } from "node:crypto"
import type { Browser, Page } from "playwright-core"
import { startInspector } from "../../../src/inspector.ts"
import { createVirtualClock } from "../../../src/testing/virtualClock.ts"
import { read } from "../repository.ts"
import type { Scene } from "./scenes.ts"

export interface Taken {
  /** What the page said in each picture: roles and words, every number as 0. */
  readonly said: { readonly [scene: string]: readonly string[] }
  /** Marks of the rules of its style. */
  readonly style: readonly string[]
}

export const recordPath = "visualizations/pictures.json"

/** Plays a scene, hands over the page, and cleans up. */
export async function staged<A>(browser: Browser, scene: Scene, look: (page: Page) => Promise<A>): Promise<A> {
  const clock = createVirtualClock({ start: 5000, wall: Date.UTC(2026, 10, 28, 14, 3, 0) })
  const breakers = scene.begin(clock)
  const names = breakers.map(({ name }) => name)
  const inspector = await startInspector({
    clock,
    control: scene.control,
    title: "shop",
    breakers: (name) => names.includes(name),
  })
  const context = await browser.newContext({ viewport: scene.viewport, timezoneId: "UTC", locale: "en-GB" })
  try {
    await scene.before(clock, breakers)
    const page = await context.newPage()
    // What counts down stands still: it is as late as the program told last.
    await page.clock.setFixedTime(clock.wallNow())
    await page.goto(inspector.url)
    await page.locator(".rows .row").first().waitFor()
    await scene.show(page, clock, breakers)
    return await look(page)
  } finally {
    await context.close()
    await inspector.stop()
    const stopped = Promise.all(breakers.map((one) => one.stop({ grace: 0 })))
    // Calls in flight end in the clock's time.
    await clock.advance(2000)
    await stopped
  }
}

export async function saidBy(page: Page): Promise<readonly string[]> {
  const text = await page.locator("body").ariaSnapshot()
  return text.split("\n").map((line) => line.replace(/\d[\d.,:]*/g, "0").trimEnd())
}

/** When it has nothing more to say: what was told of last is still on its way. */
export async function saidInTheEnd(page: Page): Promise<readonly string[]> {
  let before = ""
  for (let alike = 0; alike < 5; ) {
    const now = JSON.stringify(await saidBy(page))
    alike = now === before ? alike + 1 : 0
    before = now
    await page.waitForTimeout(100)
  }
  return saidBy(page)
}

const mark = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8)

/** One rule a mark, however it is broken into lines. */
export const styleNow = (): readonly string[] =>
  read("visualizations/inspector/page.css")
    .split("}")
    .map((rule) => rule.replace(/\s+/g, " ").trim())
    .filter((rule) => rule !== "")
    .map(mark)
    .toSorted()

/** The part of the rules that only one of them has, 0 to 1. */
export function changed(before: readonly string[], now: readonly string[]): number {
  const [one, other] = [new Set(before), new Set(now)]
  const differing = [...one, ...other].filter((rule) => !(one.has(rule) && other.has(rule)))
  return differing.length / (one.size + other.size)
}
