/** Ways to break one line of code: each is small, compiles, and means something else. */
import ts from "typescript"
import type { Random } from "../../../src/testing/simulation/random.ts"
import { read, typescriptUnder } from "../repository.ts"
import { lineOf, parse, walk } from "../source.ts"

export interface Breakage {
  readonly path: string
  readonly line: number
  /** What stands there, and what is to stand there instead. */
  readonly from: string
  readonly to: string
  readonly start: number
  readonly end: number
}

const opposite: { readonly [operator: string]: string } = {
  ...{ "<": ">=", ">": "<=", "<=": ">", ">=": "<", "===": "!==", "!==": "===" },
  ...{ "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=" },
}

/** What only says something to the compiler, or to a reader. */
const isSilent = (node: ts.Node): boolean =>
  ts.isTypeNode(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isImportDeclaration(node)

function* codeIn(node: ts.Node): Generator<ts.Node> {
  if (isSilent(node)) return
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  for (const child of children) yield* codeIn(child)
}

type Piece = Pick<Breakage, "start" | "end" | "to">

/** Text that is put together stays so: a minus between words is no slip that anybody makes. */
const isText = (node: ts.BinaryExpression): boolean =>
  [...walk(node)].some((part) => ts.isStringLiteralLike(part) || ts.isTemplateExpression(part))

function pieceOf(node: ts.Node): Piece | undefined {
  if (ts.isBinaryExpression(node)) {
    const { operatorToken } = node
    const to = opposite[operatorToken.getText()]
    if (to === undefined || (/^[+*/-]/.test(to) && isText(node))) return undefined
    return { start: operatorToken.getStart(), end: operatorToken.getEnd(), to }
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return { start: node.getStart(), end: node.getEnd(), to: "false" }
  if (node.kind === ts.SyntaxKind.FalseKeyword) return { start: node.getStart(), end: node.getEnd(), to: "true" }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return { start: node.getStart(), end: node.operand.getStart(), to: "" }
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression))
    return { start: node.getStart(), end: node.getEnd(), to: "void 0" }
  return undefined
}

/** Everything in one file that could be broken. */
export function breakagesIn(path: string, text = read(path)): readonly Breakage[] {
  const file = parse(path, text)
  return [...codeIn(file)].flatMap((node) => {
    const piece = pieceOf(node)
    if (piece === undefined) return []
    return [{ ...piece, path, line: lineOf(node), from: text.slice(piece.start, piece.end) }]
  })
}

/** So many lines, of as many files, by chance. */
export function chosen(random: Random, count: number): readonly Breakage[] {
  const files = typescriptUnder("machines", "src/data-plane").filter((path) => breakagesIn(path).length > 0)
  const found = new Map<string, Breakage>()
  while (found.size < count) {
    const path = random.pick(files)
    found.set(path, random.pick(breakagesIn(path)))
  }
  return [...found.values()]
}

export const broken = (text: string, { start, end, to }: Breakage): string =>
  text.slice(0, start) + to + text.slice(end)
