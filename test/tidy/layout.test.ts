import { describe, expect, test } from "vitest"
import { filesUnder, read, topLevel, typescriptUnder } from "../support/repository.ts"

const rooms = ["src", "machines", "test", "visualizations"]
const papers = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"]
const settings = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "biome.json",
  "tsup.config.ts",
  "vitest.config.ts",
]
const hidden = [".ci", ".gitignore", ".npmrc"]

/** The tests of one folder of the house, and the tests of one kind that look at all of it. */
const mirrored = [
  "machines/",
  "data-plane/",
  "control-plane/",
  "observability/",
  "integrations/",
  "fleet/",
  "testing/",
  "cli/",
]
const kinds = [
  ...["laws/", "contracts/", "conformance/", "simulation/", "regressions/", "types/", "docs/", "package/", "tidy/"],
  ...["doors/", "bench/", "support/"],
]

/** What each room may hold directly: folders end with `/`. */
const furniture: Readonly<Record<string, readonly string[]>> = {
  machines: ["vocabulary/", "strategies/", "components/"],
  src: ["data-plane/", "control-plane/", "observability/", "integrations/", "fleet/", "testing/", "cli/"],
  test: [...mirrored, ...kinds],
}

/** Names that say nothing, so that everything ends up in them. */
const sayNothing = /^(?:utils?|helpers?|commons?|core|types|misc|shared|lib|base|stuff)$/i

/** A room one need not enter is camelCase, a public module PascalCase; tests add `.test`, type tests `.types`. */
const fileName = /^(?:[a-z][a-zA-Z0-9]*|[A-Z][a-zA-Z0-9]*)(?:\.test|\.types)?\.(?:ts|js)$/
const folderName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/

/** Data of somebody else's, under their licence: files and folders keep their names. */
const asTheyCame = /^test\/bench\/nab\//

const longest = 250

const linesOf = (text: string): number => text.replace(/\n$/, "").split("\n").length

function badName(path: string): string | undefined {
  // The one folder with such a name holds tests about types.
  const [file = "", ...folders] = path
    .replace(/^test\/types\//, "test/")
    .split("/")
    .reverse()
  const stem = file.replace(/\..*$/, "")
  if ([stem, ...folders].some((name) => sayNothing.test(name)))
    return `${path}: the name says nothing of what is inside`
  if (/\.[jt]s$/.test(file) && !fileName.test(file)) return `${path}: not PascalCase.ts or camelCase.ts`
  const odd = folders.find((name) => !folderName.test(name))
  return odd === undefined ? undefined : `${path}: the folder ${odd} is not in lower case`
}

const problem = (path: string): readonly string[] => {
  const said = badName(path)
  return said === undefined ? [] : [said]
}

describe("the house", () => {
  test("has a fixed top level", () => {
    const fixed = [...rooms, ...papers, ...settings, ...hidden]
    expect(topLevel().filter((name) => !fixed.includes(name))).toEqual([])
    expect(fixed.filter((name) => !topLevel().includes(name) && name !== "visualizations")).toEqual([])
  })

  test.each(Object.entries(furniture))("has fixed folders in %s", (room, folders) => {
    const found = filesUnder(room).map((path) => path.split("/").slice(1))
    const foreign = found.filter(([first = "", ...rest]) => rest.length > 0 && !folders.includes(`${first}/`))
    expect(foreign.map((parts) => [room, ...parts].join("/"))).toEqual([])
  })

  test("names files and folders for what is inside", () => {
    const ours = rooms.flatMap(filesUnder).filter((path) => !asTheyCame.test(path))
    expect(ours.flatMap(problem)).toEqual([])
  })

  test.each([
    "src/utils.ts",
    "src/core/meter.ts",
    "src/data_plane/meter.ts",
    "machines/rate-limit.ts",
    "test/helpers/a.ts",
  ])("would refuse the name %s", (path) => {
    expect(problem(path)).toHaveLength(1)
  })

  test(`keeps every file of src/, machines/ and visualizations/ at ${longest} lines or fewer`, () => {
    const long = typescriptUnder("src", "machines", "visualizations")
      .map((path) => ({ path, lines: linesOf(read(path)) }))
      .filter(({ lines }) => lines > longest)
    expect(long).toEqual([])
  })

  test("runs continuous integration from one file", () => {
    expect(filesUnder(".ci")).toEqual([".ci/run"])
  })
})
