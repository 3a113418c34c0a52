import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** What installing, building and testing leave behind; nobody wrote it, so no rule reads it. */
const madeByTools = new Set([".git", "node_modules", "dist", "coverage", "artefacts", ".examples"])

const isMade = (name: string): boolean => madeByTools.has(name) || /\.(?:tgz|log)$/.test(name)

/** The names at the top of the repository that a person wrote. */
export const topLevel = (): readonly string[] => readdirSync(root).filter((name) => !isMade(name))

/** Every written file at or below `folder`, as paths from the repository's root with `/`. A missing folder has none. */
export function filesUnder(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return []
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => !isMade(entry.name))
  const found = entries.flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`
    return entry.isDirectory() ? filesUnder(path) : [path]
  })
  return found.sort()
}

export const typescriptUnder = (...folders: readonly string[]): readonly string[] =>
  folders.flatMap(filesUnder).filter((path) => path.endsWith(".ts"))

export const read = (path: string): string => readFileSync(join(root, path), "utf8")

export interface Manifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

export const manifest = (): Manifest => JSON.parse(read("package.json"))

export interface Door {
  /** What a user imports: `recloser`, `recloser/effect`, … */
  readonly name: string
  /** The door's last word: `recloser`, `effect`, … */
  readonly short: string
  readonly js: string
  readonly types: string
}

/** The doors as package.json's exports map states them. */
export function doors(): readonly Door[] {
  return Object.entries(manifest().exports).flatMap(([key, target]) => {
    if (typeof target === "string") return []
    const name = key.replace(/^\./, "recloser")
    return [{ name, short: name.replace(/^recloser\//, ""), js: target.default.slice(2), types: target.types.slice(2) }]
  })
}
