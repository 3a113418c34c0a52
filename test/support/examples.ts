import ts from "typescript"
import { filesUnder, read, typescriptUnder } from "./repository.ts"
import { parse, walk } from "./source.ts"

/** A piece of code that the documentation shows; a test runs it. */
export interface Example {
  /** Where a person finds it: `src/Breaker.ts:12`. */
  readonly at: string
  readonly language: "ts" | "js"
  readonly code: string
}

/** Fences that hold code we can run. Others (`sh`, `text`, `json`, …) are for reading. */
const runnable: Readonly<Record<string, Example["language"]>> = {
  ts: "ts",
  typescript: "ts",
  js: "js",
  javascript: "js",
}

/** Every runnable example of the documentation, in the order of the files. */
export const examples = (): readonly Example[] => [...readmeExamples(), ...docstringExamples()]

/** README.md, when there is one. */
export const readmeExamples = (): readonly Example[] =>
  filesUnder("").includes("README.md") ? markdownExamples("README.md", read("README.md")) : []

export const docstringExamples = (): readonly Example[] =>
  typescriptUnder("src", "machines").flatMap((path) => commentExamples(path, read(path)))

const lineAt = (text: string, position: number): number => text.slice(0, position).split("\n").length

/**
 * The fenced code of a markdown text. What a reader need not see (a server to call, say) may stand in a comment
 * right before the fence, `<!-- before` … `-->`; it is put in front of the code.
 */
export function markdownExamples(path: string, text: string): readonly Example[] {
  const fence = /(?:<!-- before\n([\s\S]*?)-->\s*\n)?^```(\w+)[^\n]*\n([\s\S]*?)^```/gm
  return [...text.matchAll(fence)].flatMap(([whole, before = "", language = "", code = ""]) => {
    const known = runnable[language]
    const start = text.indexOf(whole) + whole.indexOf("```")
    return known === undefined ? [] : [{ at: `${path}:${lineAt(text, start)}`, language: known, code: before + code }]
  })
}

/** The code that the doc comments of a TypeScript file show: an `@example` with or without fences, and other fences. */
export function commentExamples(path: string, text: string): readonly Example[] {
  return docComments(path, text).flatMap(({ pos, end }) => {
    const comment = text.slice(pos + 3, end - 2).replace(/^[ \t]*\* ?/gm, "")
    const tags = comment.split(/^(?=[ \t]*@[a-z])/m)
    return tags.flatMap((tag) => {
      const at = `${path}:${lineAt(text, pos) + lineAt(comment, comment.indexOf(tag)) - 1}`
      const fenced = markdownExamples(at, tag.replace(/^ +(?=```)/gm, ""))
      const bare = /^[ \t]*@example[ \t]*\n([\s\S]*)$/.exec(tag)?.[1]
      if (fenced.length > 0 || bare === undefined) return fenced.map((each) => ({ ...each, at }))
      return [{ at, language: "ts" as const, code: bare }]
    })
  })
}

function docComments(path: string, text: string): readonly ts.CommentRange[] {
  const found = new Map<number, ts.CommentRange>()
  for (const node of walk(parse(path, text))) {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) {
      if (text.startsWith("/**", range.pos)) found.set(range.pos, range)
    }
  }
  return [...found.values()].sort((a, b) => a.pos - b.pos)
}
