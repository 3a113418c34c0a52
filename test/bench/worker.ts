/** One fresh process: runs one job and prints its readings as the last line; a library may log before it. */
import type { Job } from "./case.ts"
import { catalogue } from "./catalogue.ts"

const job: Job = JSON.parse(process.argv[2] ?? "{}")
const found = catalogue.find((one) => one.id === job.caseId)
if (found === undefined) throw new Error(`no case ${job.caseId}`)
const readings = await found.run(job)
// Left-over timers of a library must not hold the process.
process.stdout.write(`\n${JSON.stringify(readings)}`, () => process.exit(0))
