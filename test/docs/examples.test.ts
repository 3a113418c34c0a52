import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { commentExamples, type Example, examples, markdownExamples } from "../support/examples.ts"
import { doors, root } from "../support/repository.ts"
import { typeCheck } from "../support/typeCheck.ts"

const folder = join(root, "test/docs/.examples")
const all = examples()

const pathOf = ({ at, language }: Example): string => join(folder, `${at.replaceAll(/[^\w]+/g, "_")}.${language}`)

/** An example that imports nothing is a script to the compiler; `export {}` makes it a module like the others. */
const moduleOf = ({ code }: Example): string => `${code}\nexport {}\n`

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const example of all) writeFileSync(pathOf(example), moduleOf(example))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("what the documentation shows", () => {
  test.each(all)("$at runs to its end", async (example) => {
    await import(/* @vite-ignore */ pathOf(example))
  })

  test("type-checks under the repository's own settings", () => {
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const files = all.filter(({ language }) => language === "ts").map(pathOf)
    const wrong = typeCheck(files, { ...options, noUnusedLocals: false, noUnusedParameters: false })
    expect([...wrong.values()].flat()).toEqual([])
  }, 120_000) // a whole run of the compiler: on a busy machine it takes its time

  test.each(doors())("has an example that comes in through $name", ({ name }) => {
    const using = all.filter(({ code }) => code.includes(`"${name}"`))
    expect(using.length, `no executed example imports from "${name}"`).toBeGreaterThan(0)
  })
})

describe("the reader of examples", () => {
  test("takes fences that can be run, what stands hidden before them, and leaves the others", () => {
    const text = "a\n<!-- before\nconst x = 1\n-->\n```ts\nuse(x)\n```\n```sh\nnpm i\n```\n```js\ny()\n```\n"
    expect(markdownExamples("a.md", text)).toEqual([
      { at: "a.md:5", language: "ts", code: "const x = 1\nuse(x)\n" },
      { at: "a.md:11", language: "js", code: "y()\n" },
    ])
  })

  test("takes an @example with and without a fence, of a member too, and not a lookalike in a string", () => {
    const text = [
      'const glob = "src/**/*.ts"',
      "interface A {",
      "  /**",
      "   * Says.",
      "   * @example",
      "   * one()",
      "   * @returns nothing",
      "   */",
      "  b(): void",
      "}",
      "/**",
      " * @example",
      " * ```ts",
      " * two()",
      " * ```",
      " */",
      "function c() {}",
    ].join("\n")
    const found = commentExamples("a.ts", text)
    expect(found.map(({ at, code }) => [at, code.trim()])).toEqual([
      ["a.ts:5", "one()"],
      ["a.ts:12", "two()"],
    ])
  })
})
