/** A real browser, from npm: nothing has to be installed by hand. */
import chromium from "@sparticuz/chromium"
import { type Browser, chromium as playwright } from "playwright-core"

export async function openBrowser(): Promise<Browser> {
  // Without a picture of the desktop there is no GPU to be found, and looking for it takes seconds.
  chromium.setGraphicsMode = false
  // In a single process the browser would end with the first page that is closed.
  const args = chromium.args.filter((arg) => !["--single-process", "--no-zygote"].includes(arg))
  return playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true })
}
