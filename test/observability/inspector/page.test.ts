/** The page in a real browser. The breakers live on a virtual clock; the browser's own time is its own. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { type Breaker, type BreakerConfig, createBreaker, createBreakers } from "recloser"
import { type InspectorOptions, startInspector, startRecorder } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { serveRecording } from "../../../src/cli/inspect/recorded.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { openBrowser } from "../../support/chromium.ts"
import { incident, folder as recordings } from "../../support/incident.ts"
import { keyedIncident } from "../../support/keyedIncident.ts"
import { root } from "../../support/repository.ts"

/** What is looked at after a run: named in its output, ignored by git, kept until the next. */
const kept = "artefacts/screenshots"
const folder = join(root, kept)
const tripping = {
  strategy: {
    type: "basic",
    window: { type: "count", calls: 60, failureRatio: 0.5, minimumCalls: 40 },
    openFor: "4 seconds",
  },
  timeout: "2 seconds",
} satisfies BreakerConfig

let browser: Browser
let clock: VirtualClock
let stops: (() => unknown)[] = []
/** What a browser complains of, and whatever it asked of anybody else. */
let complaints: string[] = []

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  console.info(`${readdirSync(folder).length} screenshots of the inspector are kept in ${kept}`)
})
beforeEach(() => {
  complaints = []
  clock = createVirtualClock({ start: 5000, wall: Date.now() })
})
afterEach(async () => {
  for (const stop of stops.reverse()) await stop()
  stops = []
})

const inspector = async (options: InspectorOptions = {}) => {
  const started = await startInspector({ clock, title: "shop", breakers: (name) => name !== "other", ...options })
  stops.push(() => started.stop())
  return started
}

const breakerOf = (name: string, config: BreakerConfig = tripping): Breaker => {
  const breaker = createBreaker(name, config, { clock })
  stops.push(() => breaker.stop({ grace: 0 }))
  return breaker
}

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  stops.push(() => context.close())
  const page = await context.newPage()
  page.on("pageerror", (error) => complaints.push(String(error)))
  page.on(
    "console",
    (message) =>
      message.type() === "error" && !/Failed to load|ERR_/.test(message.text()) && complaints.push(message.text()),
  )
  page.on("request", (request) => {
    const target = request.url()
    if (!target.startsWith(new URL(url).origin) && !target.startsWith("data:")) complaints.push(`asked ${target}`)
  })
  await page.goto(url)
  return page
}

/** What stays in sight while the page is scrolled would lie across the middle of it. */
const shoot = async (page: Page, name: string, fullPage = false) => {
  if (fullPage) await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage })
}

const shows = (page: Page, selector: string, text: string | RegExp) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: 15_000 })

/** After so long, on the clock of the breakers, a page is told of what was decided; one that hears nothing asks again after eight seconds of its own. */
const looksSoonMs = 60

/** So many calls, of which the first so many fail. */
async function call(breaker: Breaker, count: number, failing: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await breaker.tryExecute(async () => {
      if (index < failing) throw new Error("503")
    })
  }
}

describe("the page of the inspector", () => {
  test("shows a circuit open, why, and when the next probe comes; then it closes", async () => {
    const page = await open((await inspector()).url)
    await shows(page, "#headline", "No breaker lives in this program yet")
    const payments = breakerOf("payments")
    for (const name of ["catalog", "reviews", "ledger"]) await call(breakerOf(name), 20, 0)
    await clock.advance(1000)
    await shows(page, "#headline", "All 4 breakers of this program let calls pass.")
    await call(payments, 19, 0)
    await call(payments, 41, 41)
    await clock.advance(1000)
    await shows(page, "#headline", "payments is failing: its calls are refused.")
    await shows(page, ".incident", /Opened \d\d:\d\d:\d\d: 21 of 40 calls failed, 53 % over the line of 50 %\./)
    await shows(page, ".incident", /Next probe in \d/)
    // Sent and failing, refused, p50 and p99 of calls that took no time, and who holds the gate.
    await shows(page, ".rows .row", /open\s*payments\s*40\s*53 %\s*20\s*–\s*–\s*its circuit/)
    await shows(
      page,
      "#decisions li",
      /payments opened: 21 of 40 calls failed, 53 % over the line of 50 %; next probe in 4 s/,
    )
    await shoot(page, "overview")
    await clock.advance(5000)
    await shows(page, ".incident", "Probing now")
    await shows(page, "#headline", "payments is failing: its calls are refused.")
    await shows(page, ".incident", "only probes may enter, 1 at once")
    // However often it was probed since, the trouble is as old as the first refusal.
    await shows(page, ".incident", /Opened (\d\d:\d\d:\d\d): .*since \1 \(/s)
    await call(payments, 2, 0)
    await clock.advance(1000)
    await shows(page, "#headline", "All 4 breakers of this program let calls pass.")
    expect(complaints).toEqual([])
  }, 60_000)

  test("shows one breaker: its charts with the active states lit, its gate, its series, its events", async () => {
    const payments = breakerOf("payments")
    const page = await open((await inspector()).url)
    await page.locator(".rows .row").click()
    await page.locator('[data-machine="basic"] .state.active[data-state="closed"]').waitFor()
    for (let second = 0; second < 6; second++) {
      await call(payments, 8, 1)
      await clock.advance(1000)
    }
    await call(payments, 41, 41)
    await clock.advance(1000)
    await page.locator('[data-machine="basic"] .state.active[data-state="open.waiting"]').waitFor()
    await page.locator('[data-machine="basic"] .move.taken').first().waitFor()
    await shows(page, "tr", /share of calls that may enter\s*0 %\s*basic \(0 %\)/)
    await shows(page, ".free", /Free: .*features held back/)
    await shows(page, "#messages li", "data plane → breaker: alarm.rang")
    expect(await page.locator(".series rect.failure").count()).toBeGreaterThan(0)
    await shows(page, "figure", /p50 \S+ ms\s*p99 \S+ ms/)
    for (const what of ["p50", "p99", "share"])
      expect(await page.locator(`.series path.${what}`).getAttribute("d")).toMatch(
        /^M[\d.]+ [\d.]+(L[\d.]+ [\d.]+){3,}/,
      )
    // Where only probes enter, not all calls do: neither in words nor as a line at the top.
    await clock.advance(5000)
    await shows(page, "figure", /May enter\s*only probes/)
    await shoot(page, "breaker", true)
    expect(complaints).toEqual([])
  }, 60_000)

  test("draws over time how many calls may be in flight, and what is expected", async () => {
    const payments = breakerOf("payments", { prediction: true })
    const page = await open((await inspector()).url)
    await page.locator(".rows .row").click()
    await shows(page, "h1", "payments")
    for (let second = 0; second < 4; second++) {
      await call(payments, 8, 0)
      await clock.advance(1000)
    }
    await shows(page, "figure", /In flight\s*0\s*limit \d+/)
    await shows(page, "figure", "failure likely to 0 %")
    await page.locator(".series path.limit").waitFor({ state: "attached" })
    await page.locator(".series path.danger").waitFor({ state: "attached" })
    await shoot(page, "series", true)
    expect(complaints).toEqual([])
  }, 60_000)

  test("says that a service is coming back while its calls are let in step by step", async () => {
    const config = { strategy: { type: "gradual", openFor: "1 second" }, priority: false, timeout: false } as const
    const payments = breakerOf("payments", config)
    const page = await open((await inspector()).url)
    await call(payments, 200, 0)
    await call(payments, 60, 60)
    await clock.advance(1200)
    await call(payments, 2, 0)
    expect(payments.circuit).toBe("ramping")
    await clock.advance(100)
    await shows(page, "#headline", "payments is coming back.")
    await shows(page, ".incident .next", /% of the calls may enter, step by step\./)
    await shoot(page, "coming-back")
    await page.locator(".rows .row").click()
    await page.locator('[data-machine="gradual"] .state.active[data-state="ramping"]').waitFor()
    // Words can be read, so on a phone the chart is scrolled; on any screen all of it is in sight.
    const legible = async (width: number) => {
      await page.setViewportSize({ width, height: 860 })
      const word = await page.locator('[data-machine="gradual"] text').first().boundingBox()
      const isCut = await page
        .locator('[data-machine="gradual"] .scroll')
        .evaluate((one) => one.scrollWidth > one.clientWidth)
      return [width, (word?.height ?? 0) > 8, isCut]
    }
    for (const width of [1100, 1240, 1459, 1460, 1900]) expect(await legible(width)).toEqual([width, true, false])
    expect(await legible(390)).toEqual([390, true, true])
    expect(complaints).toEqual([])
  }, 60_000)

  test("says why calls are refused that the circuit would have let in", async () => {
    const page = await open((await inspector()).url)
    const search = breakerOf("search", { timeout: false, priority: { limit: 2, queue: false } })
    for (const name of ["catalog", "reviews"]) await call(breakerOf(name), 20, 0)
    await clock.advance(looksSoonMs)
    await shows(page, "#headline", "All 3 breakers of this program let calls pass.")
    const tickets = [search.acquire(), search.acquire()]
    for (let second = 0; second < 3; second++) {
      await call(search, 12, 0)
      await clock.advance(1000)
    }
    expect([search.circuit, search.metrics().refusals]).toEqual(["closed", { limit: 36 }])
    await shows(page, "#headline", /^search refuses a part of its calls\.$/)
    await shows(page, ".incident p", /^12 calls a second are refused: as many are in flight as may be\.$/)
    await shoot(page, "refused-in-part")
    search.bypass("measuring")
    await clock.advance(1000)
    await shows(page, "#headline", /^search does what an operator says\.$/)
    for (const ticket of tickets) if (ticket.admitted) ticket.settle("success")
    expect(complaints).toEqual([])
  }, 60_000)

  test("says that parts of a service are held back alone, and not whose they are", async () => {
    const page = await open((await inspector()).url)
    const shards = breakerOf("shards", {})
    for (let turn = 0; turn < 60; turn++) {
      for (const key of ["card-1", "card-2", "card-3", "card-4", "card-5"]) {
        await shards.tryExecute(
          async () => {
            if (key === "card-3") throw new Error("503")
          },
          { key },
        )
        await clock.advance(20)
      }
    }
    expect(shards.circuit).toBe("closed")
    await shows(page, "#headline", "shards is not well.")
    await shows(page, ".incident", /One part of the service is held back alone: calls with its key are refused/)
    await shows(
      page,
      "#decisions li",
      /a part of the service is held back by itself: of its last \d+ calls \d+ failed; 1 held/,
    )
    await shows(page, ".incident .badge", "held back")
    await shoot(page, "parts")
    expect(await page.locator("body").textContent()).not.toContain("card-")
    expect(complaints).toEqual([])
  }, 60_000)

  test("lets an operator act, with a reason, and not without", async () => {
    const payments = breakerOf("payments")
    const page = await open((await inspector({ control: true })).url)
    await page.locator(".rows .row").click()
    await page.getByRole("button", { name: "Force open" }).click()
    await shows(page, ".controls", "Give a reason first.")
    expect(payments.mode).toBe("auto")
    await page.getByLabel("reason").fill("the bank asked us to")
    await page.getByRole("button", { name: "Force open" }).click()
    await shows(page, ".controls", "Force open: done.")
    expect(payments.mode).toBe("forcedOpen")
    await clock.advance(1000)
    await shows(page, "h1", "forced open")
    await shows(page, "li", "operator: auto → forced-open: the bank asked us to")
    await page.getByLabel("reason").fill("they are back")
    await page.getByRole("button", { name: "Release" }).click()
    await shows(page, ".controls", "Release: done.")
    expect([payments.mode, payments.circuit]).toEqual(["auto", "halfOpen"])
    expect(complaints).toEqual([])
  }, 60_000)

  test("shows no controls where they are not enabled", async () => {
    breakerOf("payments")
    const page = await open((await inspector()).url)
    await page.locator(".rows .row").click()
    await shows(page, "h1", "payments")
    expect(await page.locator(".controls").count()).toBe(0)
  }, 60_000)

  test("shows who depends on whom, and names the root cause", async () => {
    const db = breakerOf("payments-db")
    for (const name of ["payments", "refunds"]) {
      breakerOf(name, { strategy: { type: "dependency", dependencies: { "payments-db": { type: "critical" } } } })
    }
    breakerOf("shop", {
      strategy: { type: "dependency", dependencies: { payments: { type: "required", impact: 0.4 } } },
    })
    await call(db, 60, 60)
    const page = await open((await inspector()).url)
    await shows(page, "#headline", /The trouble began in payments-db; .*payments.*feel it/)
    await shows(page, ".graph .node.root", "root cause")
    await shoot(page, "graph")
    expect(complaints).toEqual([])
  }, 60_000)

  test("of more than can be drawn, draws those that are in trouble, and says how many it leaves out", async () => {
    for (let pair = 0; pair < 60; pair++) {
      breakerOf(`db-${pair}`)
      breakerOf(`user-${pair}`, {
        strategy: { type: "dependency", dependencies: { [`db-${pair}`]: { type: "critical" } } },
      })
    }
    const last = breakerOf("the-last")
    breakerOf("feels-it", { strategy: { type: "dependency", dependencies: { "the-last": { type: "critical" } } } })
    await call(last, 60, 60)
    const page = await open((await inspector()).url)
    await shows(page, ".graph .node.root", "the-last")
    await shows(page, ".graph .node", "feels-it")
    await shows(page, ".graph p", "42 more are not drawn")
    expect(await page.locator(".graph .node").count()).toBe(80)
    expect(await page.locator(".graph path.tip.ill").count()).toBe(1)
    expect(complaints).toEqual([])
  }, 60_000)

  test("says which endpoint is left out, on what, and counts down to its trial; and which features are back", async () => {
    const ledger = breakerOf("ledger", {
      priority: false,
      discovery: { endpoints: ["10.0.0.7:80", "10.0.0.8:80", "10.0.0.9:80"] },
      recovery: { features: { book: {}, refund: ["book"], report: ["refund"] } },
      strategy: {
        type: "basic",
        window: { type: "count", calls: 20, minimumCalls: 20, failureRatio: 0.5 },
        openFor: "1 second",
      },
    })
    let sick = ""
    const run = async (count: number, feature?: string, isDown = false) => {
      for (let call = 0; call < count; call++)
        await ledger.tryExecute(
          async ({ endpoint }) => {
            if (isDown || endpoint?.id === sick) throw new Error("503")
          },
          { feature },
        )
    }
    await run(300)
    const page = await open((await inspector()).url)
    sick = "10.0.0.8:80"
    await run(60)
    await clock.advance(100)
    await shows(
      page,
      "#decisions li",
      /ledger endpoint 10\.0\.0\.8:80 is left out: its last \d calls failed; on trial in/,
    )
    await page.locator(".rows .row").click()
    await shows(
      page,
      ".standing li",
      /^\d\d:\d\d:\d\dendpoint 10\.0\.0\.8:80 is left out: its last \d calls failed; on trial in/,
    )
    await run(40, undefined, true)
    await clock.advance(1200)
    await run(2)
    await run(40, "book")
    await clock.advance(100)
    await shows(page, "li", "feature book is back")
    await shows(page, ".standing li", "feature refund is tested with a part of its calls")
    await shows(page, ".standing li", 'feature report waits for "refund"')
    // No word of the gate is broken into letters.
    const narrow = await page
      .locator("table.gate th, table.gate td")
      .evaluateAll((cells) => cells.filter((cell) => cell.textContent !== "" && cell.clientWidth < 70).length)
    expect(narrow).toBe(0)
    await shoot(page, "endpoints", true)
    expect(complaints).toEqual([])
  }, 60_000)

  test("comes back by itself when the program was restarted", async () => {
    const first = await startInspector({ clock, token: "a-token-that-stays-the-same", breakers: () => false })
    const page = await open(first.url)
    await shows(page, ".link", "live")
    await first.stop()
    await shows(page, ".link", /lost the program; trying again; this is how it stood at \d\d:\d\d:\d\d/)
    expect(await page.locator("main[data-stale]").count()).toBe(1)
    breakerOf("after-the-restart")
    await inspector({ port: first.port, token: "a-token-that-stays-the-same" })
    await shows(page, ".link", "live")
    await shows(page, ".rows .row", "after-the-restart")
    expect(await page.locator("main[data-stale]").count()).toBe(0)
    await inspector({ port: 0 })
    expect(complaints).toEqual([])
  }, 60_000)

  test("says what to do when its token is wrong, or missing", async () => {
    const { url } = await inspector()
    await shows(await open(new URL("/", url).href), "main", "Open the whole address that the program printed")
    const page = await open(`${new URL("/", url).href}#${"x".repeat(32)}`)
    await shows(page, ".link", "no longer valid")
    expect(page.url()).not.toContain("xxxx")
  }, 60_000)

  test("shows all breakers at an address that is cut off, and says of one that is gone that it is", async () => {
    breakerOf("payments")
    const page = await open((await inspector()).url)
    await shows(page, ".rows .row", "payments")
    await page.evaluate(() => {
      location.hash = "#/b/%E0%A4%A"
    })
    await shows(page, ".rows .row", "payments")
    await page.evaluate(() => {
      location.hash = "#/b/4711"
    })
    await shows(page, ".headline", "This breaker has stopped, or was forgotten.")
    expect(complaints).toEqual([])
  }, 60_000)

  test("reads no name as markup, and asks nobody else", async () => {
    const names = [
      '<script>document.title="owned"</script>',
      '"><img src=http://evil.example/x onerror=alert(1)>',
      "../../x",
      "payments\u202egnp.exe",
    ]
    for (const name of names) await call(breakerOf(name), 60, 60)
    const { url } = await inspector()
    const page = await open(url)
    for (const name of names) await shows(page, ".rows .row", name)
    for (const name of names) {
      await page.locator(".rows .row").filter({ hasText: name }).click()
      await shows(page, "h1", name)
      await page.keyboard.press("Escape")
      await page.locator("#headline").waitFor()
    }
    expect(await page.locator("main img, main script, main iframe").count()).toBe(0)
    expect(await page.title()).toBe("recloser inspector")
    expect(complaints).toEqual([])
  }, 60_000)

  test("shows ten thousand breakers with a few rows, and finds one of them", async () => {
    const perHost = createBreakers({ max: 10_000, config: () => tripping }, { clock })
    stops.push(() => perHost.stop({ grace: 0 }))
    for (let key = 0; key < 10_000; key++) perHost.get(`host-${String(key).padStart(5, "0")}`)
    await call(perHost.get("host-07777"), 60, 60)
    const page = await open((await inspector()).url)
    await shows(page, ".rows .row", "host-07777")
    await shows(page, ".chip", "closed 9,999")
    expect(await page.locator(".rows .row").count()).toBeLessThan(60)
    await page.getByLabel("find a breaker").fill("host-0999")
    await shows(page, ".rows .row", "host-09990")
    await shoot(page, "many")
    await page.getByLabel("find a breaker").fill("")
    await page.locator(".rows").evaluate((rows) => rows.scrollTo(0, 1e9))
    await shows(page, ".rows .row", "host-09999")
    expect(complaints).toEqual([])
  }, 60_000)

  test("can be used with the keyboard alone", async () => {
    for (const name of ["catalog", "payments", "reviews"]) breakerOf(name)
    const page = await open((await inspector()).url)
    await shows(page, ".rows .row", "catalog")
    await page.locator(".rows").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await shows(page, "h1", "payments")
    await page.keyboard.press("Escape")
    await shows(page, ".rows .row", "catalog")
    await shows(page, '.rows .row[aria-selected="true"]', "payments")
  }, 60_000)

  test("opens the breaker that arrow keys have led to, also when another has come before it", async () => {
    const [catalog, ledger] = [breakerOf("catalog"), breakerOf("ledger")]
    await call(catalog, 1, 0)
    const page = await open((await inspector()).url)
    // A page that is not told of both yet has nobody to go down to.
    await shows(page, ".rows .row", "ledger")
    await page.locator(".rows").focus()
    await page.keyboard.press("ArrowDown")
    await shows(page, '.rows .row[aria-selected="true"]', "ledger")
    await call(ledger, 60, 60)
    await clock.advance(looksSoonMs)
    await shows(page, "#headline", "ledger is failing")
    const spoken = await page.locator(".rows").getAttribute("aria-activedescendant")
    await shows(page, `#${spoken}`, "ledger")
    // Of what is not there nothing is spoken, nor opened.
    await page.getByLabel("find a breaker").fill("nobody")
    await page.locator(".rows .row").first().waitFor({ state: "detached" })
    expect(await page.locator(".rows").getAttribute("aria-activedescendant")).toBeNull()
    await page.locator(".rows").press("Enter")
    await page.getByLabel("find a breaker").fill("")
    await shows(page, '.rows .row[aria-selected="true"]', "ledger")
    await page.locator(".rows").press("Enter")
    await shows(page, "h1", "ledger")
  }, 60_000)

  test("leaves the focus where it is when what has it comes before others, or the picture of dependents changes", async () => {
    const [before, after] = [breakerOf("a-payments"), breakerOf("b-orders")]
    breakerOf("checkout", { strategy: { type: "dependency", dependencies: { "a-payments": { type: "critical" } } } })
    const page = await open((await inspector()).url)
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("href"))
    const link = page.locator(".graph a", { hasText: "a-payments" })
    await link.focus()
    const [href, drawn] = [await focused(), await link.getAttribute("aria-label")]
    await call(before, 60, 60)
    await clock.advance(looksSoonMs)
    await shows(page, ".graph .node.root", "a-payments")
    expect([await focused(), (await link.getAttribute("aria-label")) === drawn]).toEqual([href, false])
    await clock.advance(2500)
    await call(after, 60, 60)
    await clock.advance(looksSoonMs)
    const second = page.locator(".incident").nth(1)
    await second.filter({ hasText: "b-orders" }).waitFor()
    await second.focus()
    const orders = await focused()
    await clock.advance(2000)
    await page.locator(".incident").first().filter({ hasText: "b-orders" }).waitFor()
    await shows(page, ".incident", "Probing now")
    expect([await focused(), await page.locator(".incident").count()]).toEqual([orders, 3])
    expect(complaints).toEqual([])
  }, 60_000)

  test("leaves a person what they do with it, whatever it is told meanwhile", async () => {
    for (const name of ["catalog", "reviews"]) breakerOf(name)
    const payments = breakerOf("payments")
    const page = await open((await inspector({ control: true })).url)
    await call(payments, 60, 60)
    await clock.advance(looksSoonMs)
    await shows(page, ".incident", "Opened")
    await page.locator(".incident").focus()
    await page.locator(".incident").evaluate((one) => {
      getSelection()?.selectAllChildren(one.querySelector("p") ?? one)
    })
    const marked = () => page.evaluate(() => String(getSelection()))
    expect(await marked()).toMatch(/^Opened /)
    await clock.advance(1000)
    await shows(page, ".incident", /since \d\d:\d\d:\d\d \(/)
    await clock.advance(4000)
    await shows(page, ".incident", "Probing now")
    expect(await marked()).toMatch(/^Opened /)
    expect(await page.evaluate(() => document.activeElement?.className)).toContain("incident")
    await page.getByLabel("find a breaker").fill("pay")
    await page.keyboard.press("Escape")
    await page.getByLabel("find a breaker").fill("pay")
    await page.locator(".rows .row").click()
    await page.locator("summary", { hasText: "settings" }).first().click()
    await call(payments, 2, 0)
    await clock.advance(1000)
    await shows(page, "h1", "closed")
    expect(await page.locator("details[open] > summary", { hasText: "settings" }).count()).toBe(1)
    await page.getByLabel("reason").fill("half of a reason")
    await page.keyboard.press("Escape")
    expect(await page.getByLabel("reason").inputValue()).toBe("half of a reason")
    // To the content leads no other address.
    await page.locator(".skip").focus()
    await page.keyboard.press("Enter")
    await shows(page, "h1", "payments")
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main")
    await page.keyboard.press("Escape")
    await shows(page, "#headline", "All 3 breakers")
    expect(await page.getByLabel("find a breaker").inputValue()).toBe("pay")
    expect(complaints).toEqual([])
  }, 60_000)

  test.each([
    ["a phone", { viewport: { width: 375, height: 740 } }],
    ["a phone in the dark", { viewport: { width: 375, height: 740 }, colorScheme: "dark" as const }],
    ["a screen in the dark", { viewport: { width: 1280, height: 860 }, colorScheme: "dark" as const }],
  ])(
    "fits %s",
    async (name, options) => {
      const long = breakerOf("a-service-with-a-name-that-is-longer-than-most-phones-are-wide-and-has-no-space")
      for (const other of ["catalog", "reviews"]) breakerOf(other)
      await call(long, 60, 60)
      const page = await open((await inspector({ control: true })).url, options)
      await shows(page, ".incident", "Next probe in")
      const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(await overflow()).toBeLessThanOrEqual(0)
      await shoot(page, `${name.replaceAll(" ", "-")}-overview`)
      await page.locator(".incident").click()
      await page.locator('[data-machine="basic"] .state.active').first().waitFor()
      expect(await overflow()).toBeLessThanOrEqual(0)
      await shoot(page, `${name.replaceAll(" ", "-")}-breaker`, true)
      expect(complaints).toEqual([])
    },
    60_000,
  )
})

describe("the page of a recording", () => {
  test("steps through what breakers by key decided, each by its mark, and lists no more than can be read", async () => {
    const config = () => ({ strategy: { type: "basic", openFor: "300 millis" }, timeout: "1 second" }) as const
    const { content, total } = await keyedIncident({ keys: 60, calls: 5000, to: 0.9, config })
    const served = await serveRecording(readRecording("keyed.ndjson", content()), 0)
    stops.push(() => served.stop())
    const page = await open(served.url)
    await shows(page, ".headline", /#[0-9a-f]{12}: closed → open: /)
    await page.locator('[data-machine="basic"] .state.active[data-state="open.waiting"]').waitFor()
    await shows(page, "section", `${total} of ${total} calls are decided as they were`)
    expect(await page.locator("#moments li").count()).toBe(300)
    await page.keyboard.press("ArrowRight")
    await page.locator("input[type=range]").press("End")
    await shows(page, ".slider", /moment (\d+) of \1$/)
    await page.locator('#moments li[aria-current="true"]').waitFor()
    await page.getByRole("button", { name: "Decide anew" }).click()
    await shows(page, "#what-if", /\d+ more breakers: recloser replay/)
    expect(await page.locator("#what-if table").count()).toBe(20)
    await shoot(page, "replay-keyed")
    expect(complaints).toEqual([])
  }, 60_000)

  test("reads no recorded name as markup", async () => {
    const name = '<script>document.title="owned"</script><img src=x onerror=alert(1)>'
    const file = join(recordings(), "hostile.ndjson")
    const recorder = startRecorder({ file, clock, breakers: (one) => one === name })
    await call(breakerOf(name), 60, 60)
    recorder.stop()
    const served = await serveRecording(readRecording("hostile.ndjson", readFileSync(file)), 0)
    stops.push(() => served.stop())
    const page = await open(served.url)
    await shows(page, ".headline", `${name}: closed → open`)
    await page.getByRole("button", { name: "Decide anew" }).click()
    await shows(page, "#what-if", name)
    expect(await page.locator("main img, main script").count()).toBe(0)
    expect(await page.title()).not.toBe("owned")
    expect(complaints).toEqual([])
  }, 60_000)

  test("steps through an incident, forwards and backwards, and decides anew under another config", async () => {
    const { content } = await incident({ config: { strategy: "basic" } })
    const served = await serveRecording(readRecording("incident.ndjson", content()), 0)
    stops.push(() => served.stop())
    const page = await open(served.url)
    await shows(page, ".headline", "payments: closed → open: ")
    await page.locator('[data-machine="basic"] .state.active[data-state="open.waiting"]').waitFor()
    await page.keyboard.press("ArrowRight")
    await shows(page, ".headline", "open → half-open")
    await shows(page, "p.soft", "only probes may enter, 1 at once; held by basic.")
    await page.locator('[data-machine="basic"] .state.active[data-state="halfOpen"]').waitFor()
    await page.keyboard.press("ArrowLeft")
    await shows(page, ".headline", "closed → open")
    await shows(page, "section", "1000 of 1000 calls are decided as they were")
    await shows(page, ".link", /^recording$/)
    await shows(page, "p.soft", "no call may enter now; held by basic.")
    await page.getByRole("button", { name: "Decide anew" }).click()
    await shows(page, "#what-if", "with the other config")
    await shows(page, "#what-if tr", /opened\s*once/)
    await page
      .getByLabel("another config, as JSON")
      .fill('{"strategy":{"type":"basic","window":{"type":"consecutive","failures":3}}}')
    await page.getByRole("button", { name: "Decide anew" }).click()
    await shows(page, "#what-if", "3 calls in a row were bad")
    await shows(
      page,
      "#what-if p",
      /payments: with the other config (\d+ (fewer|more)|as many) calls would have failed/,
    )
    await shows(page, "#what-if tr", /probes in vain\s*\d+/)
    await shoot(page, "replay", true)
    await page.getByLabel("another config, as JSON").fill('{"strategy":"magic"}')
    await page.getByRole("button", { name: "Decide anew" }).click()
    await shows(page, "#what-if .error", "config.strategy")
    expect(complaints).toEqual([])
  }, 60_000)
})
