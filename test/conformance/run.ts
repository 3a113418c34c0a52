/** `npm run conformance`: plays all cases with all libraries, prints the table and writes SCORECARD.md. */
import { writeFileSync } from "node:fs"
import { catalogue } from "./catalogue.ts"
import { libraries } from "./libraries.ts"
import { scoreCardOf, tableOf } from "./scorecard.ts"
import { playAll } from "./suite.ts"

const results = await playAll(catalogue, libraries)
console.log(tableOf(results))
writeFileSync(new URL("SCORECARD.md", import.meta.url), scoreCardOf(results))
const own = results.filter(({ library, verdict }) => library.key === "recloser" && verdict === "fail")
for (const { case: played, trace } of own) console.error(`\n${played.number} ${played.name}\n${trace.join("\n")}`)
if (own.length > 0) process.exitCode = 1
