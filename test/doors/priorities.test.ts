/** Classes of calls that came in from outside: who is believed, and that nobody else is. */
import { createBreaker, InvalidConfig, type Priority } from "recloser"
import { protectFetch, readPriority } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { deferred } from "../support/breakers.ts"
import { distrust, sayingIn, trust, unanswered, unsaid } from "../support/saidByRequests.ts"

const saying = sayingIn("x-request-priority")

describe("what a request says of its priority", () => {
  test("is read for callers that are trusted, and for nobody else", () => {
    const request = saying("critical")
    expect(readPriority(request, { trust })).toBe("critical")
    const { refuse, asked } = distrust()
    expect(readPriority(request, { trust: refuse })).toBeUndefined()
    expect(asked).toEqual([request])
  })

  test.each(unanswered)("is not believed when the question %s", (_what, question) => {
    expect(readPriority(saying("critical"), { trust: question as never })).toBeUndefined()
  })

  test.each<Priority>(["critical", "high", "normal", "low", "bulk"])(
    "may be %s, in any case and with blanks around it",
    (one) => {
      for (const value of [one, one.toUpperCase(), `  ${one} `])
        expect(readPriority(saying(value), { trust })).toBe(one)
    },
  )

  test.each([
    "",
    "urgent",
    "4",
    "critical, bulk",
    "u=0",
    "__proto__",
    "constructor",
    "toString",
    `${" ".repeat(200)}high`,
  ])("is nothing when it is %o", (value) => {
    expect(readPriority(saying(value), { trust })).toBeUndefined()
  })

  test("is nothing when it is left out, said twice, or hidden in a prototype", () => {
    for (const headers of unsaid("x-request-priority", "critical", "bulk"))
      expect(readPriority({ headers }, { trust })).toBeUndefined()
  })

  test("is read from a Request of the Fetch standard, and from a header that is named", () => {
    const request = new Request("http://service.test/", { headers: { "X-Class": "low" } })
    expect(readPriority(request, { trust: ({ url }) => url.includes("service"), header: "X-Class" })).toBe("low")
    expect(readPriority(request, { trust })).toBeUndefined()
  })

  test.each([
    [{}, "options.trust: must be a function that says whom to believe"],
    [{ trust: "everybody" }, "options.trust: must be a function that says whom to believe"],
    [{ trust, header: "a b" }, "options.header: must be the name of a header"],
    [{ trust, most: "high" }, "options.most: is not an option here"],
  ])("is not read with %o", (options, rule) => {
    expect(() => readPriority(saying("high"), options as never)).toThrow(rule)
    expect(() => readPriority(saying("high"), options as never)).toThrow(InvalidConfig)
  })
})

describe("a gateway with one slot", () => {
  /** In the order in which callers reach the service: the first holds the slot while all others come. */
  async function order(read: (request: Request) => Priority | undefined, callers: readonly string[]) {
    const reached: string[] = []
    const release = deferred<Response>()
    const breaker = createBreaker("service", { priority: { limit: 1 } }, { clock: createVirtualClock() })
    const fetch = protectFetch(breaker, {
      fetch: async (_input, init) => {
        const name = new Headers(init?.headers).get("x-name") ?? ""
        if (name === "first") return release.promise
        reached.push(name)
        return new Response()
      },
    })
    const forward = (name: string) => {
      const headers = { "x-name": name, "x-request-priority": name.split(" ")[0] ?? "" }
      const request = new Request("http://service.test/", { headers })
      return fetch(request.url, { headers, call: { priority: read(request) } })
    }
    const all = ["first", ...callers].map(forward)
    release.resolve(new Response())
    await Promise.all(all)
    await breaker.stop()
    return reached
  }
  const callers = ["bulk a", "critical b", "low c", "critical d"]

  test("lets nobody go before others for what he says of himself", async () => {
    expect(await order((request) => readPriority(request, { trust: () => false }), callers)).toEqual(callers)
  })

  test("takes the word of those that it trusts, and of no other", async () => {
    const read = (request: Request) =>
      readPriority(request, { trust: ({ headers }) => headers.get("x-name") !== "critical b" })
    expect(await order(read, callers)).toEqual(["critical d", "critical b", "low c", "bulk a"])
  })

  test("does not look at headers by itself", async () => {
    expect(await order(() => undefined, callers)).toEqual(callers)
  })
})
