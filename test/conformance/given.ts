/** Remembers an options object before a library gets it, to tell afterwards what was changed in it. */
export interface Given {
  /** The paths that were added, removed or changed. */
  changes(): readonly string[]
}

const isPlain = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value)))

/** Everything in plain objects and arrays, by path; instances of classes and functions count by identity only. */
function leavesOf(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (!isPlain(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, path === "" ? key : `${path}.${key}`))
}

export function remember(options: object): Given {
  const before = new Map(leavesOf(options, ""))
  return {
    changes: () => {
      const after = new Map(leavesOf(options, ""))
      const same = (path: string) => before.has(path) === after.has(path) && before.get(path) === after.get(path)
      return [...new Set([...before.keys(), ...after.keys()])].filter((path) => !same(path))
    },
  }
}
