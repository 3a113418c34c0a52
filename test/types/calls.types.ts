import { type CallExit, type CallRejected, type CallTimedOut, createBreaker, type ExecuteOptions } from "recloser"
import { protectFetch } from "recloser/fetch"
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

interface Receipt {
  readonly amount: number
}

/** A fallback may answer with the same kind of value, and is told why. */
export const withFallback = breaker.execute(async (): Promise<Receipt> => ({ amount: 1 }), {
  fallback: (reason): Receipt => {
    exactly<CallRejected | CallTimedOut>().is(reason)
    return { amount: 0 }
  },
})
exactly<Promise<Receipt>>().is(withFallback)

/** Or with one of another kind: then the call may end in either. */
const fallback = (reason: CallRejected | CallTimedOut) => ({ queued: true, why: reason.message })
type Queued = ReturnType<typeof fallback>
const paid = async (card: string): Promise<Receipt> => ({ amount: card.length })
const eitherOr = breaker.execute(() => paid("card"), { fallback })
const later = breaker.execute(() => paid("card"), { fallback: async (reason) => fallback(reason) })
const nothing = breaker.execute(() => 1, { fallback: () => undefined })
const triedWithFallback = breaker.tryExecute(() => paid("card"), { fallback })
const wrapped = breaker.wrap(paid, { fallback })
const page = protectFetch(breaker, { fallback })
const plainPage = protectFetch(breaker)
export type Fallbacks = [
  Expect<Equal<typeof eitherOr, Promise<Receipt | Queued>>>,
  Expect<Equal<typeof later, Promise<Receipt | Queued>>>,
  Expect<Equal<typeof nothing, Promise<number | undefined>>>,
  Expect<Equal<typeof triedWithFallback, Promise<CallExit<Receipt | Queued>>>>,
  Expect<Equal<ReturnType<typeof wrapped>, Promise<Receipt | Queued>>>,
  Expect<Equal<Parameters<typeof wrapped>, [card: string]>>,
  Expect<Equal<Awaited<ReturnType<typeof page>>, Response | Queued>>,
  Expect<Equal<Awaited<ReturnType<typeof plainPage>>, Response>>,
]

/** Options that were written down before, and a call whose type is named, keep to the one kind. */
const written: ExecuteOptions<string> = { fallback: () => "cached" }
exactly<Promise<string>>().is(breaker.execute(async () => "text", written))
exactly<Promise<string>>().is(breaker.execute<string>(async () => "text", { fallback: () => "cached" }))

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
