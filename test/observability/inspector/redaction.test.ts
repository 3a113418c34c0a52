/** What the page is told of names: all that leaves the server is read byte by byte. */
import { createBreaker, createBreakers, InvalidConfig } from "recloser"
import { createMarks, type InspectorOptions, inspectActors, startInspector, startXState4Bridge } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Row } from "../../../src/observability/inspector/protocol.ts"
import { asking, isBreaker, isOverview, openPage, posting } from "../../support/listening.ts"
import { customer, endpoints, feature, found, secretive, secretWords, telltale } from "../../support/secretive.ts"

let clock: VirtualClock
const stops: (() => unknown)[] = []
beforeEach(() => {
  clock = createVirtualClock({ start: 5000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const known = new Map<string, string>()
/** The same mark for the same text, which a reader can tell from another. */
const redact = (text: string): string => {
  const mark = known.get(text) ?? `~${known.size + 1}~`
  known.set(text, mark)
  return mark
}

async function stage(options: InspectorOptions) {
  const wanted = ["shop", "books"]
  const inspector = await startInspector({ clock, breakers: (name) => wanted.includes(name), ...options })
  stops.push(() => inspector.stop())
  const scene = secretive(clock)
  stops.push(() => scene.stop())
  return { inspector, ...scene }
}

type Inspector = Awaited<ReturnType<typeof startInspector>>

/** Everything that the server says of an overview and of each breaker in it. */
async function allSaid(inspector: Inspector): Promise<{ readonly text: string; readonly rows: readonly Row[] }> {
  const overview = await openPage(inspector)
  const { rows } = await overview.until(isOverview)
  const pages = await Promise.all(rows.map(({ id }) => openPage(inspector, id)))
  for (const page of pages) await page.until(isBreaker)
  await clock.advance(1000)
  for (const page of pages) await page.until(isBreaker)
  const text = [overview, ...pages].map((page) => page.text).join("\n")
  for (const page of [overview, ...pages]) page.close()
  return { text: text + (await (await asking(inspector, "/api/about")).text()), rows }
}

describe("what the server says with redact", () => {
  test("holds no key, feature, endpoint or message in clear, and one mark for each", async () => {
    const { inspector, happen } = await stage({ redact })
    await happen()
    const { text, rows } = await allSaid(inspector)
    expect(found(text, [telltale, "10.0.0.7", ...secretWords])).toEqual([])
    const mark = redact(customer)
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(["shop", mark]))
    expect(rows.find(({ name }) => name === "shop")).toMatchObject({ cause: mark })
    // What happened is told all the same.
    expect(text).toContain(`${mark} is open`)
    expect(text).toContain(`endpoint ${redact(endpoints[1] ?? "")} is left out`)
    expect(text).toContain(redact(feature))
    expect(text).toMatch(/listener threw: TypeError ~\d+~/)
    expect(text).toContain("operator: auto → bypassed: trying")
  })

  test("lets an act reach the breaker that is meant, by its mark alone", async () => {
    const { inspector, vault } = await stage({ redact, control: true })
    const { rows } = await allSaid(inspector)
    const row = rows.find(({ name }) => name === redact(customer))
    const refused = await posting(inspector, "/api/act", {
      id: `${row?.id.split("/")[0]}/${customer}`,
      act: "forceOpen",
      why: "x",
    })
    expect([refused.status, vault.mode]).toEqual([404, "auto"])
    const done = await posting(inspector, "/api/act", { id: row?.id, act: "forceOpen", why: "asked to" })
    expect([done.status, vault.mode]).toEqual([200, "forcedOpen"])
  })

  test("tells breakers apart that whoever hides them calls alike", async () => {
    const { inspector, customers } = await stage({ redact: () => "***", control: true })
    const [one, other] = [customers.get("bob"), customers.get("carol")]
    const { rows } = await allSaid(inspector)
    const names = rows.map(({ name }) => name).toSorted()
    expect(names).toEqual(["***", "*** 2", "*** 3", "shop"])
    for (const { id, name } of rows) {
      if (name !== "shop") await posting(inspector, "/api/act", { id, act: "forceOpen", why: name })
    }
    expect([one.mode, other.mode]).toEqual(["forcedOpen", "forcedOpen"])
  })

  test("leads a page to its breaker that was open before the program began anew", async () => {
    const first = await stage({ redact })
    const { rows } = await allSaid(first.inspector)
    const id = rows.find(({ name }) => name === redact(customer))?.id
    const again = await startInspector({ clock, breakers: (name) => name === "shop", redact })
    stops.push(() => again.stop())
    const page = await openPage(again, id)
    expect((await page.until(isBreaker)).row.name).toBe(redact(customer))
    page.close()
  })

  test("is safe where whoever hides fails", async () => {
    const { inspector, happen } = await stage({
      redact: () => {
        throw new Error("no idea")
      },
    })
    await happen()
    expect(found((await allSaid(inspector)).text, [telltale])).toEqual([])
  })
})

describe("what the server says without redact", () => {
  test("is names as they are, and never a login or a query of an address", async () => {
    const { inspector, happen } = await stage({})
    await happen()
    const { text } = await allSaid(inspector)
    expect(found(text, secretWords)).toEqual([])
    expect(text).toContain(`${customer} is open`)
    expect(text).toContain("https://alice-3.example/pay?…")
  })

  test("keeps keys apart that differ in what is not shown, and acts on the one that is meant", async () => {
    const perAddress = createBreakers({}, { clock })
    stops.push(() => perAddress.stop({ grace: 0 }))
    const one = perAddress.get("https://api.example/?token=tok-4711")
    const other = perAddress.get("https://api.example/?token=tok-4712")
    const inspector = await startInspector({ clock, breakers: () => false, control: true })
    stops.push(() => inspector.stop())
    const { rows, text } = await allSaid(inspector)
    const mine = rows.filter(({ name }) => name.startsWith("https://api.example/"))
    expect(mine.map(({ name }) => name)).toEqual(["https://api.example/?…", "https://api.example/?… 2"])
    expect(text).not.toContain("tok-47")
    await posting(inspector, "/api/act", { id: mine[1]?.id, act: "forceOpen", why: "asked to" })
    expect([one.mode, other.mode]).toEqual(["auto", "forcedOpen"])
  })
})

test("a program's own breaker keeps its name, also where it is depended on", async () => {
  const inspector = await startInspector({ clock, breakers: (name) => ["books", "till"].includes(name), redact })
  stops.push(() => inspector.stop())
  const books = createBreaker("books", {}, { clock })
  const till = createBreaker(
    "till",
    { strategy: { type: "dependency", dependencies: { books: { type: "critical" } } } },
    { clock },
  )
  stops.push(
    () => books.stop({ grace: 0 }),
    () => till.stop({ grace: 0 }),
  )
  const page = await openPage(inspector)
  expect((await page.until(isOverview)).edges).toMatchObject([{ from: "till", to: "books" }])
  page.close()
})

test("marks are the same wherever the secret is, and others where it is not", () => {
  const [one, other] = [createMarks("a secret of 16 letters"), createMarks("another of 16 letters")]
  expect(one(customer)).toBe(createMarks("a secret of 16 letters")(customer))
  expect(new Set([one(customer), other(customer), createMarks()(customer), createMarks()(customer)]).size).toBe(4)
  expect(one(customer)).toMatch(/^#[0-9a-f]{12}$/)
  expect(() => createMarks("short")).toThrow(InvalidConfig)
  expect(() => createMarks(3 as never)).toThrow("must be a text of 16 characters or more")
})

test.each<[() => Promise<unknown>, string]>([
  [() => startInspector({ redact: "yes" as never }), "options.redact"],
  [async () => inspectActors(() => {}, { redact: true as never }), "options.redact"],
  [async () => inspectActors(() => {}, { redacted: true } as never), "options.redacted"],
  [() => startXState4Bridge({ redact: {} as never }), "options.redact"],
])("refuses what cannot hide: %s", async (start, path) => {
  const error = await start().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(InvalidConfig)
  expect(String(error)).toContain(path)
})
