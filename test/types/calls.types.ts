import { type CallRejected, type CallTimedOut, createBreaker } from "recloser"
import { type Equal, type Expect, exactly } from "./Expect.ts"

const breaker = createBreaker("calls")

/** The result is what the function returns, awaited. */
const text = breaker.execute(async () => "text")
const number = breaker.execute(() => 1)
const response = breaker.execute(({ signal }) => fetch("http://localhost/", { signal }))
const thenable = breaker.execute((): PromiseLike<boolean> => Promise.resolve(true))
export type Results = [
  Expect<Equal<typeof text, Promise<string>>>,
  Expect<Equal<typeof number, Promise<number>>>,
  Expect<Equal<typeof response, Promise<Response>>>,
  Expect<Equal<typeof thenable, Promise<boolean>>>,
]

/** What a call is told. */
export const told = breaker.execute((call) => {
  exactly<AbortSignal>().is(call.signal)
  exactly<number>().is(call.attempt)
  exactly<number>().is(call.deadline)
})

/** A fallback answers with the same kind of value, and is told why. */
export const withFallback = breaker.execute(async () => ({ amount: 1 }), {
  fallback: (reason) => {
    exactly<CallRejected | CallTimedOut>().is(reason)
    return { amount: 0 }
  },
})
exactly<Promise<{ amount: number }>>().is(withFallback)

export const options = breaker.execute(() => 1, {
  signal: new AbortController().signal,
  deadline: "5 seconds",
  classify: (exit) => (exit.ok ? "success" : "ignored"),
  fallback: async () => 2,
})
export const undefinedOptions = breaker.execute(() => 1, {
  signal: undefined,
  deadline: undefined,
  classify: undefined,
  fallback: undefined,
})

export const refused = [
  // @ts-expect-error: a call needs a function
  breaker.execute("text"),
  // @ts-expect-error: no such option
  breaker.execute(() => 1, { deadLine: "5 seconds" }),
  // @ts-expect-error: not a duration
  breaker.execute(() => 1, { deadline: "soon" }),
  // @ts-expect-error: not a verdict
  breaker.execute(() => 1, { classify: () => "maybe" }),
]

/** Wrapping keeps the arguments and the result. */
const charge = breaker.wrap(async (card: string, cents: number, note?: string) => ({ card, cents, note }))
const length = breaker.wrap((word: string) => word.length)
export type Wrapped = [
  Expect<Equal<Parameters<typeof charge>, [card: string, cents: number, note?: string | undefined]>>,
  Expect<Equal<Awaited<ReturnType<typeof charge>>, { card: string; cents: number; note: string | undefined }>>,
  Expect<Equal<ReturnType<typeof length>, Promise<number>>>,
]
// @ts-expect-error: the second argument is a number
export const wrong = charge("card", "ten")

/** `tryExecute` never throws: its answer is told apart by `ok`. */
export async function tried(): Promise<number> {
  const answer = await breaker.tryExecute(() => 1)
  // @ts-expect-error: there may be no value
  answer.value.toFixed()
  if (!answer.ok) throw answer.error
  exactly<number>().is(answer.value)
  return answer.value
}
