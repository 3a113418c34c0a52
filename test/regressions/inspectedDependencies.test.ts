import { createBreaker } from "recloser"
import { startInspector } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { isBreaker, isOverview, openPage } from "../support/listening.ts"

test("the page of a breaker with dependencies lost its connection: what they do to it was read as its health", async () => {
  const clock = createVirtualClock({ start: 5000 })
  const inspector = await startInspector({ clock, breakers: (name) => name === "shop-of-a-page" })
  const strategy = { type: "dependency", dependencies: { "db-of-a-page": { type: "critical" } } } as const
  const db = createBreaker("db-of-a-page", {}, { clock })
  const shop = createBreaker("shop-of-a-page", { strategy }, { clock })
  const overview = await openPage(inspector)
  const { rows } = await overview.until(isOverview)
  const page = await openPage(inspector, rows[0]?.id)
  await page.until(isBreaker)
  db.forceOpen("maintenance")
  await clock.advance(1000)
  const { actors } = await page.until(isBreaker)
  expect(actors.find(({ key }) => key === "dependency")?.standing).toMatchObject([
    { words: "dependencies blocked: db-of-a-page is open" },
  ])
  for (const one of [overview, page]) one.close()
  await Promise.all([shop.stop(), db.stop(), inspector.stop()])
})
