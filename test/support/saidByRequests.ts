/** Requests of callers from outside that say something of themselves in a header, and questions whether to believe them. */

/** A request as a server of Node's sees it, with that in its header. */
export const sayingIn =
  (usual: string) =>
  (value: string | string[], header = usual) => ({ headers: { [header]: value } })

export const trust = () => true

/** Believes nobody; `asked` is of whom it was asked that. */
export function distrust() {
  const asked: unknown[] = []
  const refuse = (caller: object) => {
    asked.push(caller)
    return false
  }
  return { refuse, asked }
}

/** Questions that get no answer, which is no yes. */
export const unanswered: readonly (readonly [string, (...args: never) => unknown])[] = [
  [
    "throws",
    () => {
      throw new Error("a trap")
    },
  ],
  ["answers what is merely true", () => "yes"],
  ["answers later", async () => true],
]

/** Headers that do not say it: it is left out, said twice, or hidden in a prototype. */
export const unsaid = (header: string, one: string, other: string): readonly object[] => [
  {},
  { [header]: [one, other] },
  Object.create({ [header]: one }),
]
