import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"

/** Something that was given and cannot be used, in words for whoever gave it. */
export class Unusable extends Error {}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Some editors begin a file with a mark of its byte order. */
function parsed(text: string, from: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""))
  } catch (error) {
    throw new Unusable(`${from} is no JSON: ${said(error)}`)
  }
}

/** A module exports its config as default, or by the name \`config\`. */
async function exported(path: string, given: string): Promise<unknown> {
  let found: { readonly default?: unknown; readonly config?: unknown }
  try {
    found = await import(pathToFileURL(path).href)
  } catch (error) {
    throw new Unusable(`--config ${given} could not be loaded: ${said(error)}`)
  }
  const config = found.default ?? found.config
  if (config === undefined) throw new Unusable(`--config ${given} exports no config: write export default { … }`)
  return config
}

/** What the host says of a file; throws `Unusable` where it cannot even be asked. */
function tried<T>(given: string, ask: () => T): T {
  try {
    return ask()
  } catch (error) {
    throw new Unusable(`--config ${given} cannot be read: ${said(error)}`)
  }
}

/** The config that `--config` names: JSON where it begins with a brace, else a file of JSON or a module. Not checked yet. */
export async function givenConfig(given: string): Promise<unknown> {
  if (given.trim().startsWith("{")) return parsed(given, "--config")
  if (given.trim() === "") throw new Unusable("--config names no file")
  const path = resolve(given)
  const found = tried(given, () => statSync(path, { throwIfNoEntry: false }))
  if (found === undefined) throw new Unusable(`--config ${given}: there is no such file (JSON begins with a brace)`)
  if (found.isDirectory()) throw new Unusable(`--config ${given} is a folder, not a file`)
  if (!path.endsWith(".json")) return exported(path, given)
  const text = tried(given, () => readFileSync(path, "utf8"))
  return parsed(text, `--config ${given}`)
}
