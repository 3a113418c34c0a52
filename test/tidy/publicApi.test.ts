import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, inject, test } from "vitest"
import { renderApis } from "../support/publicApi.ts"
import { doors, filesUnder, read, root } from "../support/repository.ts"

const folder = "test/tidy/public-api"
const reportOf = (short: string): string => `${folder}/${short}.txt`
const update = process.env["UPDATE_PUBLIC_API"] === "1"

const known = (path: string): string => (filesUnder(folder).includes(path) ? read(path) : "")

/**
 * What each door shows to a user's compiler is kept as text, so that a change of it is read in a review before it
 * reaches anyone. After a change that is meant: `npm run api`.
 */
describe("the public API", () => {
  const { project } = inject("packed")
  const texts = renderApis(
    doors().map(({ name, types }) => ({ name, types: join(project, "node_modules/recloser", types) })),
  )
  const rendered = doors().map(({ name, short }, index) => ({ name, path: reportOf(short), now: texts[index] ?? "" }))

  test.each(rendered)("of $name is the one on record; if the change is meant, run `npm run api`", ({ path, now }) => {
    if (update) {
      mkdirSync(join(root, folder), { recursive: true })
      writeFileSync(join(root, path), now)
    }
    expect(now).toEqual(known(path))
  })

  test("has a report for each door and for nothing else", () => {
    expect([...filesUnder(folder)].sort()).toEqual(
      doors()
        .map(({ short }) => reportOf(short))
        .sort(),
    )
  })

  test("is rendered without comments, with what is mentioned and not exported", () => {
    const path = join(project, "probe.d.ts")
    const other = join(project, "other.d.ts")
    writeFileSync(
      path,
      [
        "/** Inner. */ interface Inner { readonly a: 1 /* one */ }",
        "interface Lonely { readonly b: 2 }",
        "interface Other { readonly c: 3 }",
        "export declare const outer: Inner",
        "export type { Other as Renamed }",
      ].join("\n"),
    )
    writeFileSync(
      other,
      'import { Renamed } from "./probe.js"\nexport declare const seen: Renamed\nexport type { Renamed }',
    )
    const shown = [
      "Renamed is interface Other {\n    readonly c: 3;\n}\n",
      "const outer: Inner;\n",
      "// mentioned, not exported\n",
      "interface Inner {\n    readonly a: 1;\n}\n",
    ]
    const doors = [
      { name: "probe", types: path },
      { name: "other", types: other },
    ]
    expect(renderApis(doors)).toEqual([shown.join("\n"), "Renamed: as in probe\n\nconst seen: Renamed;\n"])
  })
})
