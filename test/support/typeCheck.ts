import ts from "typescript"

/** What a strict user's compiler is told; a caller adds or overrides. */
export const strict: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
}

/** Compiles the files together and returns what is wrong, by file name; a file without complaint has no entry. */
export function typeCheck(
  files: readonly string[],
  options: ts.CompilerOptions = strict,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const diagnostic of ts.getPreEmitDiagnostics(ts.createProgram(files, options))) {
    const file = diagnostic.file?.fileName ?? "(options)"
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line
    found.set(file, [...(found.get(file) ?? []), `${file}:${(line ?? 0) + 1} TS${diagnostic.code} ${text}`])
  }
  return found
}
