import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { describe, expect, inject, test } from "vitest"
import { doors, manifest, root } from "../support/repository.ts"
import { importsOf, parse } from "../support/source.ts"

const { tarball, files, project } = inject("packed")
const installed = join(project, "node_modules/recloser")
const papers = files.filter((path) => path.endsWith(".md"))
const declarations = files.filter((path) => path.endsWith(".d.ts"))
const scripts = files.filter((path) => /\.(?:js|d\.ts)$/.test(path))
/** The command imports what `--config` names. */
const usersConfig = "(computed) pathToFileURL(path).href"

describe("the packed tarball", () => {
  test("holds the doors, what they share, the command and the papers, and nothing else", () => {
    const evidence = ["COST", "LOOPBACK", "PREDICTION"].map((name) => `test/bench/${name}.md`)
    evidence.push("test/conformance/SCORECARD.md")
    const papers = ["CHANGELOG.md", "LICENSE", "README.md", "package.json", "dist/cli.commander.LICENSE", ...evidence]
    const pictures = ["atlas/gradual.svg", "breaker.png", "overview.png"].map((name) => `visualizations/${name}`)
    const page = ["index.html", "main.js", "page.css"].map((name) => `dist/inspector/${name}`)
    const entries = doors().flatMap(({ js, types }) => [js, `${js}.map`, types])
    const expected = [...papers, ...pictures, ...page, ...entries, "dist/cli.js", "dist/cli.js.map"]
    const shared = /^dist\/[\w$-]+-[\w-]{8}\.(?:js|js\.map|d\.ts)$/
    expect(files).toEqual(expect.arrayContaining(expected))
    expect(files.filter((path) => !expected.includes(path) && !shared.test(path))).toEqual([])
  })

  test("satisfies publint, suggestions included", async () => {
    const packed = await readFileAsBuffer(tarball)
    const { messages, pkg } = await publint({ pack: { tarball: packed }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg ?? {}, { color: false }))).toEqual([])
  })

  test("satisfies are-the-types-wrong for packages of ES modules", () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js")
    const run = () => execFileSync(process.execPath, [attw, tarball, "--profile", "esm-only"], { encoding: "utf8" })
    expect(run).not.toThrow()
  })

  test.each(scripts)("%s imports only what is in the package or declared by it", (path) => {
    const { dependencies = {}, peerDependencies } = manifest()
    const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
    const imports = importsOf(parse(path, readFileSync(join(installed, path), "utf8")))
    const strangers = imports
      .map(({ specifier }) => specifier)
      .filter((specifier) => specifier !== usersConfig)
      .filter((specifier) => {
        if (specifier.startsWith(".")) return !exists(normalize(join(dirname(path), specifier)))
        return (
          !specifier.startsWith("node:") &&
          !declared.some((name) => specifier === name || specifier.startsWith(`${name}/`))
        )
      })
    expect(strangers).toEqual([])
  })

  test.each(papers)("%s links to nothing that is not in the package", (path) => {
    const text = readFileSync(join(installed, path), "utf8")
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link)
    const inside = links.filter((link) => !/^(?:https?:|#)/.test(link)).map((link) => link.replace(/#.*/, ""))
    expect(inside.filter((link) => !files.includes(normalize(join(dirname(path), link))))).toEqual([])
  })

  test.each(declarations)("%s names no paper of the repository that is not in the package", (path) => {
    const named = readFileSync(join(installed, path), "utf8").match(/[\w./-]+\.md\b/g) ?? []
    expect(named.filter((name) => !files.includes(name))).toEqual([])
  })

  test("opens each door in plain Node", () => {
    const code = `
      const doors = ${JSON.stringify(doors().map(({ name }) => name))}
      for (const door of doors) {
        const names = Object.keys(await import(door))
        if (names.length === 0) throw new Error(door + " exports nothing")
      }`
    const run = () =>
      execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: project, encoding: "utf8" })
    expect(run).not.toThrow()
  })

  test("has one class of each error, whichever door it is met through", () => {
    const code = `
      import * as promises from "recloser"
      import * as effects from "recloser/effect"
      for (const name of ["CallRejected", "CallTimedOut", "InvalidConfig"]) {
        if (promises[name] === undefined || promises[name] !== effects[name]) throw new Error(name)
      }`
    expect(() => execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: project })).not.toThrow()
  })

  test("runs the command it installs", () => {
    const cli = join(installed, "dist/cli.js")
    const help = execFileSync(process.execPath, [cli, "--help"], { cwd: project, encoding: "utf8" })
    expect(help).toMatch(/Usage: recloser/)
    expect(help).toMatch(/\bdemo\b/)
  })
})

/** Types are resolved beside the script: `./chunk.js` in a `.d.ts` means `./chunk.d.ts`. */
const exists = (path: string): boolean => files.includes(path) || files.includes(path.replace(/\.js$/, ".d.ts"))

async function readFileAsBuffer(path: string): Promise<ArrayBuffer> {
  const bytes = readFileSync(path)
  return new Uint8Array(bytes).buffer
}
