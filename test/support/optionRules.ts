/** What a reader of options says of each of them: its rule, as whoever breaks it is told. */
import type { Problem, Reader } from "../../machines/options.ts"

type Read = Pick<Reader<unknown, unknown>, "read">

const nobodysValue = Symbol("nobody's value")

function problemsOf(reader: Read, value: unknown): readonly Problem[] {
  const problems: Problem[] = []
  reader.read(value, "it", problems)
  return problems
}

const within = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)

/** Every option, by its path, with its rule; those within one that is a plain object, too. */
export function rulesOf(reader: Read, path: readonly string[] = []): { readonly [option: string]: string } {
  const at = ["it", ...path].join(".")
  const unknown = problemsOf(reader, within(path, { "no option": 1 })).find((each) => each.path === `${at}.no option`)
  const known = /known: (.*)/.exec(unknown?.rule ?? "")?.[1]?.split(", ") ?? []
  const rules = known.map((key) => {
    const own = [...path, key]
    const broken = problemsOf(reader, within(own, nobodysValue)).find((each) => each.path === `${at}.${key}`)
    const inner = broken?.rule.includes("plain object") ? rulesOf(reader, own) : {}
    return { [own.join(".")]: broken?.rule ?? "anything", ...inner }
  })
  return Object.assign({}, ...rules)
}

/** What is made of a value, and what is wrong with it: `path: rule`. */
export function readBy(reader: Read, value: unknown): { settings: unknown; wrong: readonly string[] } {
  const problems: Problem[] = []
  const settings = reader.read(value, "it", problems)
  return { settings, wrong: problems.map(({ path, rule }) => `${path}: ${rule}`) }
}
