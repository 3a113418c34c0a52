/** What a failing call costs, by the host's real clock: it ticks on when the others are faked. */
import type { Subject } from "./adapter.ts"

const batches = 7
const perBatch = 5

const succeed = async () => "answer"
const down = new Error("down")
const fail = () => Promise.reject(down)

/** Fills the window with successes, all started at once: some libraries copy their window at each start. */
async function fill(subject: Subject, samples: number): Promise<void> {
  await Promise.all(Array.from({ length: samples }, () => subject.run(succeed)))
}

async function failOnce(subject: Subject): Promise<void> {
  await subject.run(fail).catch((error) => {
    if (error !== down) throw error
  })
}

/** Nanoseconds of one failing call with so many samples in the window; the least of several batches, which noise only adds to. */
export async function measureFailures(subject: Subject, samples: number): Promise<number> {
  await fill(subject, samples)
  let least = Number.POSITIVE_INFINITY
  for (let batch = 0; batch < batches; batch++) {
    const start = process.hrtime.bigint()
    for (let call = 0; call < perBatch; call++) await failOnce(subject)
    least = Math.min(least, Number(process.hrtime.bigint() - start) / perBatch)
  }
  return least
}
