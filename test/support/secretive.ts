/** Breakers of which every name that could say who somebody is holds the same word, so that one search finds what is told of them. */
import { type BreakerOptions, createBreaker, createBreakers } from "recloser"
import type { VirtualClock } from "recloser/testing"

/** What must be found nowhere. */
export const telltale = "alice"
export const secretWords = ["hunter2", "tok-4711"]

export const customer = "alice@example.com"
export const feature = "portrait-of-alice"
export const endpoints = ["10.0.0.7:80", "alice-1.example:8080", "https://alice-2.example:8443/base"]
export const guarded = `https://${"user:hunter2"}@alice-3.example/pay?token=tok-4711`

const tripping = { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "4 seconds" } as const

/** A shop that depends on a customer's vault, with features and endpoints; and customers by key. */
export function secretive(clock: VirtualClock, log?: BreakerOptions["log"]) {
  const customers = createBreakers({ config: () => ({ strategy: tripping, timeout: false }) }, { clock, log })
  const vault = customers.get(customer)
  const shop = createBreaker(
    "shop",
    {
      strategy: { type: "dependency", own: "basic" },
      recovery: { features: { [feature]: {}, "alice's-letters": { needs: [feature] }, plain: {} }, minimumSamples: 2 },
      discovery: { endpoints: [...endpoints, guarded], panic: 0 },
      health: {
        check: ({ endpoint }) => {
          if (endpoint?.address === endpoints[2]) throw new Error("getaddrinfo ENOTFOUND alice-2.example")
          if (endpoint?.address === endpoints[1]) throw new Error(`connect ECONNREFUSED ${endpoints[1]}`)
          if (endpoint?.address === guarded) throw new Error(`503 from ${guarded}`)
        },
        interval: "1 second",
        fall: 1,
      },
    },
    { clock, log },
  )
  shop.addDependency(vault, { type: "critical" })
  const fail = async () => Promise.reject(new Error(`no answer for ${customer} from ${guarded}`))
  /** A vault that opens, a feature that fails, endpoints that fall, somebody's code that throws. */
  const happen = async () => {
    await clock.advance(3000)
    for (let call = 0; call < 200; call++) {
      const isAsked = call % 4 === 0
      await shop.tryExecute(isAsked ? fail : async () => 1, { feature: isAsked ? feature : "plain" })
      await clock.advance(20)
    }
    shop.on("mode", () => {
      throw new TypeError(`${customer} is not a function at ${guarded}`)
    })
    shop.bypass("trying")
    shop.release("tried")
    for (let call = 0; call < 3; call++) await vault.tryExecute(fail)
    await clock.advance(1500)
    await shop.tryExecute(async () => 1)
  }
  const stop = async () => {
    await Promise.all([shop.stop({ grace: 0 }), customers.stop({ grace: 0 })])
  }
  return { shop, vault, customers, happen, stop }
}

/** Where words stand in a text that must not hold them. */
export const found = (text: string, words: readonly string[]): readonly string[] =>
  words.flatMap((word) => {
    const at = text.indexOf(word)
    return at < 0 ? [] : [text.slice(Math.max(0, at - 80), at + 80)]
  })
