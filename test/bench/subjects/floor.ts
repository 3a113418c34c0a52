/** What the calls are, and what awaiting them costs without any library. */
import type { Subject } from "../measure.ts"

export const work = async (): Promise<number> => 1

const failure = new Error("the service failed")
export const isTheFailure = (error: unknown): boolean => error === failure
export const fail = (): Promise<number> => Promise.reject(failure)

/** Nine of ten calls fail; starting with the success, the ratio is never above 0.9. */
export const mostlyFailing = (startAt = 0): (() => Promise<number>) => {
  let calls = startAt
  return () => (calls++ % 10 === 0 ? Promise.resolve(1) : fail())
}

/** Settles on a later turn of the event loop, as a call over a socket does. */
const pendingTurn: { promise: Promise<number> | undefined } = { promise: undefined }
export const laterWork = (): Promise<number> => {
  pendingTurn.promise ??= new Promise((resolve) =>
    setImmediate(() => {
      pendingTurn.promise = undefined
      resolve(1)
    }),
  )
  return pendingTurn.promise
}

/** Keeps 100 calls in flight at once. */
export const inFlight = (name: string, calls: number, call: () => Promise<number>): Subject => ({
  name,
  calls,
  run: async (total) => {
    let sum = 0
    for (let started = 0; started < total; started += 100) {
      const answers = await Promise.all(Array.from({ length: 100 }, call))
      for (const answer of answers) sum += answer
    }
    return sum
  },
})

export const bareAwait = (calls: number): Subject => ({
  name: "bare await",
  calls,
  run: async (total) => {
    let sum = 0
    for (let i = 0; i < total; i++) sum += await work()
    return sum
  },
})

export const bareRejection = (calls: number): Subject => ({
  name: "bare await",
  calls,
  run: async (total) => {
    let caught = 0
    for (let i = 0; i < total; i++) {
      try {
        await fail()
      } catch (error) {
        if (isTheFailure(error)) caught++
      }
    }
    return caught
  },
})

export const bareMostlyFailing = (name: string, calls: number): Subject => {
  const call = mostlyFailing()
  return {
    name,
    calls,
    run: async (total) => {
      let verified = 0
      for (let i = 0; i < total; i++) {
        try {
          verified += await call()
        } catch (error) {
          if (isTheFailure(error)) verified++
        }
      }
      return verified
    },
  }
}
