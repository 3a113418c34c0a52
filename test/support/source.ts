import ts from "typescript"
import { read } from "./repository.ts"

export interface Import {
  /** The module as it is written. */
  readonly specifier: string
  readonly line: number
}

export const parse = (path: string, text: string = read(path)): ts.SourceFile =>
  ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith("js") ? ts.ScriptKind.JS : ts.ScriptKind.TS,
  )

export const lineOf = (node: ts.Node): number => {
  const file = node.getSourceFile()
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}

/** Every node of a file, in the order of its text. */
export function* walk(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  for (const child of children) yield* walk(child)
}

/** The module that a node names, whether by `import`, `export … from`, `import()` or `import("…").Type`. */
function moduleNamedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return node.moduleReference.expression
  }
  return undefined
}

/** Every module that a file imports or re-exports, types included: a type from elsewhere is knowledge of elsewhere. */
export function importsOf(file: ts.SourceFile): readonly Import[] {
  const found: Import[] = []
  for (const node of walk(file)) {
    const named = moduleNamedBy(node)
    if (named === undefined) continue
    const specifier = ts.isStringLiteralLike(named) ? named.text : `(computed) ${named.getText()}`
    found.push({ specifier, line: lineOf(named) })
  }
  return found
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)

/** The names that a file exports, read from its text alone. */
export function exportsOf(file: ts.SourceFile): readonly string[] {
  return file.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      return statement.exportClause.elements.map((element) => element.name.text)
    }
    if (!isExported(statement)) return []
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map((declaration) => declaration.name.getText(file))
    }
    const { name } = statement as ts.DeclarationStatement
    return name === undefined ? ["default"] : [name.getText(file)]
  })
}

/** The text of the comment that opens a file, without its stars; empty if there is none. */
export function headerOf(text: string): string {
  const opening = /^\s*(?:\/\*([\s\S]*?)\*\/|((?:[ \t]*\/\/.*\n)+))/.exec(text)
  const body = opening?.[1] ?? opening?.[2] ?? ""
  return body
    .split("\n")
    .map((line) => line.replace(/^\s*(?:\*+|\/\/)? ?/, "").trimEnd())
    .join("\n")
    .trim()
}
