import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { join } from "node:path"
import { describe, expect, inject, test } from "vitest"
import { type Example, readmeExamples } from "../support/examples.ts"
import { doors } from "../support/repository.ts"
import { strict, typeCheck } from "../support/typeCheck.ts"

const { project } = inject("packed")
const examples = readmeExamples()

/** Lays an example in the user's project, as TypeScript and as the JavaScript that is left without the types. */
function lay({ at, code, language }: Example): { readonly ts: string; readonly js: string } {
  const path = join(project, at.replaceAll(/[^\w]+/g, "_"))
  writeFileSync(`${path}.ts`, `${code}\nexport {}\n`)
  writeFileSync(`${path}.js`, language === "js" ? code : stripTypeScriptTypes(code))
  return { ts: `${path}.ts`, js: `${path}.js` }
}

describe("README.md in a user's project", () => {
  test("has examples that come in through every door", () => {
    const shown = doors().filter(({ name }) => examples.some(({ code }) => code.includes(`"${name}"`)))
    expect(shown.map(({ name }) => name)).toEqual(doors().map(({ name }) => name))
  })

  test.each(examples)("$at runs in JavaScript, in a process of its own that ends", (example) => {
    const run = () =>
      execFileSync(process.execPath, [lay(example).js], { cwd: project, encoding: "utf8", timeout: 30_000 })
    expect(run).not.toThrow()
  })

  // Our declarations are checked as well as the examples (no skipLibCheck); what xstate's own say is not ours to mend.
  test.each([true, false])("type-checks strictly, with exactOptionalPropertyTypes: %s", (exact) => {
    const files = examples.filter(({ language }) => language === "ts").map((example) => lay(example).ts)
    expect(files.length).toBeGreaterThan(0)
    const wrong = typeCheck(files, { ...strict, exactOptionalPropertyTypes: exact })
    const ours = [...wrong].filter(([file]) => file.startsWith(project))
    expect(ours.flatMap(([, complaints]) => complaints)).toEqual([])
  })
})
