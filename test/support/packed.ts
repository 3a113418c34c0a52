import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { doors, root } from "./repository.ts"

/** The package as a user gets it. */
export interface Packed {
  readonly tarball: string
  /** What is in the tarball, as paths from the package's root. */
  readonly files: readonly string[]
  /** A user's project in which the package is installed beside its peers. */
  readonly project: string
}

declare module "vitest" {
  interface ProvidedContext {
    readonly packed: Packed
  }
}

/** Packs the package once for every test that looks at it, and lays a user's project around it. */
export default function setup({ provide }: TestProject): () => void {
  const missing = doors().filter(({ js }) => !existsSync(join(root, js)))
  if (missing.length > 0) throw new Error("dist/ is not complete: run `npm run build` before the tests of the package")
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "recloser-")))
  const { filename, files } = pack(folder)
  const packed = {
    tarball: join(folder, filename),
    files: files.map(({ path }) => path).sort(),
    project: join(folder, "user"),
  }
  layProject(packed)
  provide("packed", packed)
  return () => rmSync(folder, { recursive: true, force: true })
}

interface PackReport {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

function pack(folder: string): PackReport {
  // Scripts off: the build has already run, and the package's own `prepack` would run it again.
  const flags = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]
  const reported: unknown = JSON.parse(execFileSync("npm", flags, { cwd: root, encoding: "utf8" }))
  const [report] = Object.values(reported as Record<string, PackReport>)
  if (report === undefined) throw new Error("npm pack reported no package")
  return report
}

function layProject({ tarball, project }: Packed): void {
  const installed = join(project, "node_modules/recloser")
  mkdirSync(installed, { recursive: true })
  for (const scope of ["@types", "@grpc"]) mkdirSync(join(project, "node_modules", scope))
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components", "1"])
  for (const name of ["xstate", "effect", "@grpc/grpc-js", "@types/node"]) {
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name))
  }
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }))
}
