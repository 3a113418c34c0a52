/** What a user's editor shows of an option, read from the declarations that ship. */
import ts from "typescript"
import { expect, test } from "vitest"
import { strict } from "../support/typeCheck.ts"

/** The structs among the types that an option may have: unions taken apart, what is written as a duration left out. */
function structsOf(type: ts.Type): readonly ts.Type[] {
  if (type.aliasSymbol?.name === "Input") return []
  if (type.isUnion()) return type.types.flatMap(structsOf)
  if (type.isIntersection()) return [type]
  return type.aliasSymbol?.name === "StructIn" ? [type] : []
}

/** Every option below a type, as a path and what its comments say. */
function* hovers(checker: ts.TypeChecker, type: ts.Type, path: string): Generator<readonly [string, string]> {
  for (const option of checker.getPropertiesOfType(type)) {
    if (option.name === "type") continue
    const name = `${path}.${option.name}`
    yield [name, ts.displayPartsToString(option.getDocumentationComment(checker))]
    for (const inner of structsOf(checker.getNonNullableType(checker.getTypeOfSymbol(option)))) {
      yield* hovers(checker, inner, name)
    }
  }
}

test("every option of a config says what it is", () => {
  const program = ts.createProgram({ rootNames: ["dist/index.d.ts"], options: strict })
  const checker = program.getTypeChecker()
  const door = program.getSourceFile("dist/index.d.ts")
  const exported = door && checker.getSymbolAtLocation(door)?.exports?.get("BreakerConfig" as ts.__String)
  if (exported === undefined) throw new Error("there is no BreakerConfig: is dist built?")
  const config = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(exported))
  const seen = [...hovers(checker, config, "config")]
  const paths = seen.map(([path]) => path)
  for (const path of ["config.timeout.max", "config.strategy.openFor.base", "config.strategy.window.minimumCalls"]) {
    expect(paths).toContain(path)
  }
  expect(seen.filter(([, said]) => said === "")).toEqual([])
  expect(seen.length).toBeGreaterThanOrEqual(25)
})
