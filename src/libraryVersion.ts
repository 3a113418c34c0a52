import { createRequire } from "node:module"

/** The version of this library, from its own package; by its name, so that it is found from the sources and from what was built. */
export function libraryVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)("recloser/package.json") as { readonly version: string }
    return version
  } catch {
    // Bundled into somebody's program, it has no package any more.
    return "unknown"
  }
}
