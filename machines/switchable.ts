/** Options that can be switched on and off as a whole. */
import type { Problem, Reader } from "./options.ts"

/** What else is right where something can be switched: `true` only where nothing must be said. */
function others(inner: Pick<Reader<unknown, unknown>, "read">, path: string): string {
  const lacking: Problem[] = []
  inner.read(undefined, path, lacking)
  return lacking.length === 0 ? ", true or false" : " or false"
}

/** `false` switches it off (`undefined` out); anything else is read by the inner reader. */
export function switchable<In, Out>(inner: Reader<In, Out>, standard: boolean): Reader<In | boolean, Out | undefined> {
  return {
    read: (value, path, problems) => {
      const on = value === undefined ? standard : value !== false
      if (!on) return undefined
      const own: Problem[] = []
      const settings = inner.read(value === true ? undefined : value, path, own)
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
      for (const one of own)
        problems.push(isObject || one.path !== path ? one : { ...one, rule: one.rule + others(inner, path) })
      return settings
    },
  }
}
