/** Whether the pictures in README still show the page: what it says is what it said, and its style is much the same. */
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openBrowser } from "../../support/chromium.ts"
import { scenes } from "../../support/pictures/scenes.ts"
import { changed, recordPath, saidBy, staged, styleNow, type Taken } from "../../support/pictures/staged.ts"
import { read } from "../../support/repository.ts"

/** A corner that is rounded otherwise needs no other picture; a tenth of all rules does. */
const mostChanged = 0.1
const what = "the picture in README is of another page: run `npm run pictures`, look at what it took, and commit it"

const taken = JSON.parse(read(recordPath)) as Taken

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser.close())

test.each(scenes)(
  "the picture $name in visualizations shows what the page says",
  async (scene) => {
    await staged(browser, scene, async (page) => {
      // What was told last is still on its way.
      await expect.poll(() => saidBy(page), { message: what, timeout: 5000 }).toEqual(taken.said[scene.name])
    })
  },
  60_000,
)

test("the style of the page is much the same as when its pictures were taken", () => {
  expect(changed(taken.style, styleNow()), what).toBeLessThanOrEqual(mostChanged)
})

test("a rule that is written otherwise is another, one that is broken into other lines is not", () => {
  expect(changed(["a", "b", "c"], ["c", "b", "a"])).toBe(0)
  expect(changed(["a", "b", "c"], ["a", "b", "d"])).toBeCloseTo(1 / 3)
  expect(changed([], styleNow())).toBe(1)
})

test("continuous integration says where screenshots are kept, and git leaves them alone", () => {
  expect(read(".ci/run")).toContain("artefacts/screenshots")
  expect(read(".gitignore").split("\n")).toContain("/artefacts/")
})

test("both pictures stand in README", () => {
  for (const { name } of scenes) expect(read("README.md")).toContain(`(visualizations/${name}.png)`)
})
