import { dirname } from "node:path"
import ts from "typescript"
import { strict } from "./typeCheck.ts"

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

export interface DeclaredDoor {
  readonly name: string
  /** The file of its built declarations. */
  readonly types: string
}

/** What a door exports, by the name under which it does. */
type Exports = ReadonlyMap<string, ts.Symbol>

/**
 * The declarations of each built door as text: first what it exports, then what those declarations mention and do not
 * export, because a user's compiler sees that too. What an earlier door exports is told there only. Comments are left
 * out and the order is by name, so that a difference in this text is a difference for users.
 */
export function renderApis(doors: readonly DeclaredDoor[]): readonly string[] {
  const types = doors.map((door) => door.types)
  const program = ts.createProgram(types, { ...strict, skipLibCheck: true })
  const exported = doors.map((door) => exportsOf(program, door.types))
  return doors.map((door, index) => {
    const earlier = new Map<ts.Symbol, string>()
    for (const [at, { name }] of doors.slice(0, index).entries()) {
      for (const symbol of exported[at]?.values() ?? []) if (!earlier.has(symbol)) earlier.set(symbol, name)
    }
    return renderApi(program.getTypeChecker(), exported[index] ?? new Map(), earlier, dirname(door.types))
  })
}

function exportsOf(program: ts.Program, types: string): Exports {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(types)
  const door = file && checker.getSymbolAtLocation(file)
  if (door === undefined) throw new Error(`${types} exports nothing`)
  return new Map(checker.getExportsOfModule(door).map((symbol) => [symbol.name, resolve(checker, symbol)]))
}

/** The symbol that an export or import stands for. */
const resolve = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

function renderApi(checker: ts.TypeChecker, exported: Exports, earlier: ReadonlyMap<ts.Symbol, string>, ours: string) {
  const known = new Set([...exported.values(), ...earlier.keys()])
  const own = [...exported.values()].filter((symbol) => !earlier.has(symbol))
  const mentioned = [...reachableFrom(checker, own, new Set(earlier.keys()), ours)].filter(
    (symbol) => !known.has(symbol),
  )
  const shown = section(exported, earlier, ours)
  if (mentioned.length === 0) return shown
  const named = new Map(mentioned.map((symbol) => [symbol.name, symbol]))
  return `${shown}\n// mentioned, not exported\n\n${section(named, earlier, ours)}`
}

const section = (symbols: Exports, earlier: ReadonlyMap<ts.Symbol, string>, ours: string): string =>
  [...symbols]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, symbol]) => {
      const door = earlier.get(symbol)
      return door === undefined ? `${declarationsOf(name, symbol, ours)}\n` : `${name}: as in ${door}\n`
    })
    .join("\n")

function declarationsOf(name: string, symbol: ts.Symbol, ours: string): string {
  const declarations = statementsOf(symbol, ours)
  if (declarations.length === 0) return `${name}: as in ${originOf(symbol)}`
  const texts = declarations.map((node) => printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()))
  const renamed = symbol.name === name ? "" : `${name} is `
  return texts.map((text) => renamed + sortUnions(text.replace(/^(?:export |declare )+/, ""))).join("\n")
}

/** Where a symbol of somebody else's is declared, as a package and not as a path. */
const originOf = (symbol: ts.Symbol): string =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(symbol.declarations?.[0]?.getSourceFile().fileName ?? "")?.[1] ??
  "elsewhere"

/** The statements of the built declarations that declare a symbol; none for a symbol of another package. */
function statementsOf(symbol: ts.Symbol, ours: string): readonly ts.Node[] {
  const declared = (symbol.declarations ?? []).filter((node) => node.getSourceFile().fileName.startsWith(`${ours}/`))
  return declared.map((node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node))
}

function reachableFrom(
  checker: ts.TypeChecker,
  start: readonly ts.Symbol[],
  known: ReadonlySet<ts.Symbol>,
  ours: string,
): ReadonlySet<ts.Symbol> {
  const seen = new Set<ts.Symbol>()
  const visit = (symbol: ts.Symbol): void => {
    if (seen.has(symbol) || known.has(symbol)) return
    const statements = statementsOf(symbol, ours)
    if (statements.length === 0 || !statements.every(isTopLevel)) return
    seen.add(symbol)
    for (const statement of statements) eachName(statement, follow)
  }
  const follow = (name: ts.Identifier): void => {
    const symbol = checker.getSymbolAtLocation(name)
    if (symbol !== undefined) visit(resolve(checker, symbol))
  }
  for (const symbol of start) visit(symbol)
  return seen
}

/** A member or a type parameter is shown with what it belongs to. */
const isTopLevel = (node: ts.Node): boolean => ts.isSourceFile(node.parent) || ts.isModuleBlock(node.parent)

function eachName(node: ts.Node, found: (name: ts.Identifier) => void): void {
  if (ts.isIdentifier(node)) found(node)
  ts.forEachChild(node, (child) => eachName(child, found))
}

/** The compiler writes an inferred union of strings in the order in which it met them; the record must not depend on that. */
const sortUnions = (text: string): string =>
  text.replaceAll(/"[^"\n]*"(?: \| "[^"\n]*")+/g, (union) => union.split(" | ").sort().join(" | "))
