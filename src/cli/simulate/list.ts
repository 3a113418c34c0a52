import { scenarios } from "../../testing/simulation/scenarios/catalogue.ts"

const worldsIn = (count: number): string => (count === 1 ? "1 world" : `${count} worlds`)

/** The scenarios, one line each; as JSON with their worlds. */
export function scenarioLines(json: boolean): string {
  const lines = scenarios.map(({ id, title, gist, variants }) =>
    json
      ? JSON.stringify({ type: "scenario", id, title, gist, worlds: variants.map((one) => one.id) })
      : `  ${id.padEnd(4)} ${gist} (${worldsIn(variants.length)})`,
  )
  return `${lines.join("\n")}\n`
}
