/** `npm run pictures`: takes the pictures in README anew, and writes down what they show. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { openBrowser } from "../chromium.ts"
import { root } from "../repository.ts"
import { scenes } from "./scenes.ts"
import { recordPath, saidInTheEnd, staged, styleNow, type Taken } from "./staged.ts"

const browser = await openBrowser()
const said: { [scene: string]: readonly string[] } = {}
for (const scene of scenes) {
  const path = `visualizations/${scene.name}.png`
  said[scene.name] = await staged(browser, scene, async (page) => {
    await page.evaluate(() => scrollTo(0, 0))
    const words = await saidInTheEnd(page)
    await page.screenshot({ path: join(root, path), fullPage: scene.isWhole })
    return words
  })
  process.stdout.write(`${path}: taken; look at it\n`)
}
await browser.close()
const taken: Taken = { said, style: styleNow() }
writeFileSync(join(root, recordPath), `${JSON.stringify(taken, null, 1)}\n`)
