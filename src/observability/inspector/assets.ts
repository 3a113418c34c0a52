/** The files of the page: one script and one style in the package; in the repository the sources, without their types. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import * as nodeModule from "node:module"
import { fileURLToPath } from "node:url"

export interface Asset {
  readonly type: string
  readonly body: string
}

const types: { readonly [end: string]: string } = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  ts: "text/javascript; charset=utf-8",
}

const built = fileURLToPath(new URL("./inspector/", import.meta.url))
const sources = fileURLToPath(new URL("../../../visualizations/inspector/", import.meta.url))

function read(folder: string, name: string): Asset {
  const text = readFileSync(folder + name, "utf8")
  const end = name.slice(name.lastIndexOf(".") + 1)
  return { type: types[end] ?? "text/plain", body: end === "ts" ? withoutTypes(text) : text }
}

/** Only in the repository. Node warns that this is experimental, which is no news for whoever looks at a page. */
function withoutTypes(text: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return nodeModule.stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** By path. Whoever asks for anything else gets nothing: no path of a request ever meets the file system. */
export function assets(): ReadonlyMap<string, Asset> {
  const isBuilt = existsSync(`${built}index.html`)
  const folder = isBuilt ? built : sources
  const names = readdirSync(folder).filter((name) => types[name.slice(name.lastIndexOf(".") + 1)] !== undefined)
  const files = new Map(names.map((name) => [`/${name}`, read(folder, name)]))
  const page = files.get("/index.html")
  const script = isBuilt ? "main.js" : "main.ts"
  if (page !== undefined) files.set("/", { ...page, body: page.body.replace("main.js", script) })
  return files
}
