/** TLS and tokens: who vouches for a server, and what of a pod's account is used. Certificates are made here, for this host alone. */
import { fromConsul, fromKubernetes } from "recloser/discovery"
import { httpCheck } from "recloser/health"
import { generate } from "selfsigned"
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { world } from "../support/breakers.ts"
import { consulEntry, type Secure, serve, sliceOf, startConsul, startKubernetes } from "../support/registries.ts"

const account = "/var/run/secrets/kubernetes.io/serviceaccount"
/** The files of a pod. */
const pod = new Map<string, string>()
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>()
  const readFile = (path: string, ...rest: []) =>
    pod.has(path) ? Promise.resolve(pod.get(path)) : real.readFile(path, ...rest)
  return { ...real, readFile }
})

let own: Secure
let other: Secure
beforeAll(async () => {
  const made = async (): Promise<Secure> => {
    const names = { name: "subjectAltName" as const, altNames: [{ type: 7 as const, ip: "127.0.0.1" }] }
    const { cert, private: key } = await generate([{ name: "commonName", value: "here" }], {
      keyType: "ec",
      extensions: [names],
    })
    return { cert, key }
  }
  own = await made()
  other = await made()
})

const closing: (() => unknown)[] = []
afterEach(async () => {
  pod.clear()
  for (const close of closing.splice(0).reverse()) await close()
})

const listening = (provider: ReturnType<typeof fromConsul>) => {
  const it = world({ discovery: { provider, settle: 0 } })
  closing.push(() => it.breaker.stop())
  const state = () => it.breaker.metrics().components.discovery
  const until = (wanted: object) =>
    vi.waitFor(() => expect(state()).toMatchObject(wanted), { timeout: 15_000, interval: 5 })
  return { ...it, until }
}
const distrusted = { state: "empty", reason: expect.stringMatching(/self-signed certificate|unable to verify/) }

test("a check by https passes only where somebody vouches for the server", async () => {
  const place = await serve((_, response) => void response.end("well"), own)
  closing.push(() => place.close())
  const ends = await Promise.all(
    [own.cert, other.cert, undefined].map(async (ca) => {
      const check = httpCheck({ url: place.url, loopback: true, ca })
      const context = { endpoint: undefined, signal: new AbortController().signal, timeoutMs: 20_000 }
      return Promise.resolve(check(context)).then(
        () => "passes",
        (error: Error) => error.message,
      )
    }),
  )
  expect(ends).toEqual(["passes", expect.stringContaining("self-signed"), expect.stringContaining("self-signed")])
})

test("a check of an address asks for the certificate of the service's name", async () => {
  const named = await generate([{ name: "commonName", value: "search.shop.example" }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "search.shop.example" }] }],
  })
  const asked: (string | undefined)[] = []
  const place = await serve(
    (request, response) => {
      asked.push(request.headers.host)
      response.end("well")
    },
    { cert: named.cert, key: named.private },
  )
  closing.push(() => place.close())
  const endOf = async (options: object) => {
    const check = httpCheck({ url: place.url, loopback: true, ca: named.cert, ...options })
    const context = { endpoint: undefined, signal: new AbortController().signal, timeoutMs: 20_000 }
    return Promise.resolve(check(context)).then(
      () => "passes",
      (error: Error) => error.message,
    )
  }
  expect(await endOf({})).toMatch(/127\.0\.0\.1 is not in the cert's list/)
  expect(await endOf({ servername: "search.shop.example" })).toBe("passes")
  expect(await endOf({ servername: "other.example" })).toMatch(/other\.example\. is not in the cert's altnames/)
  // Who answers for several names is asked for this one, too; a header of one's own says another.
  expect(await endOf({ servername: "search.shop.example", headers: { Host: "inner" } })).toBe("passes")
  expect(asked).toEqual([`search.shop.example:${new URL(place.url).port}`, "inner"])
  for (const servername of ["", "10.0.0.7", "a b", 7])
    expect(() => httpCheck({ url: place.url, servername: servername as string })).toThrow(/options\.servername/)
})

describe("Consul by https", () => {
  const start = async (ca: string | undefined) => {
    const consul = await startConsul(own)
    closing.push(() => consul.close())
    consul.set(2, [consulEntry("a", "10.0.0.7", 80)])
    return { consul, it: listening(fromConsul({ service: "search", url: consul.url, ca })) }
  }

  test("is believed where its certificate is", async () => {
    const { it } = await start(own.cert)
    await it.until({ state: "fresh", endpoints: 1 })
  })

  test("is told no token by whom its certificate is not believed", async () => {
    const { consul, it } = await start(other.cert)
    await it.until(distrusted)
    expect(consul.asked).toEqual([])
  })
})

describe("Kubernetes by https", () => {
  const start = async (options: object, token = () => "secret") => {
    const kubernetes = await startKubernetes(own, token)
    closing.push(() => kubernetes.close())
    kubernetes.put("7", [sliceOf("s1", "6", [{ addresses: ["10.0.0.7"] }])])
    return { kubernetes, it: listening(fromKubernetes({ service: "search", url: kubernetes.url, ...options })) }
  }

  test("is believed where its certificate is", async () => {
    const { it } = await start({ namespace: "shop", token: "secret", ca: own.cert })
    await it.until({ state: "fresh", endpoints: 1 })
  })

  test("is told no token by whom its certificate is not believed", async () => {
    const { kubernetes, it } = await start({ namespace: "shop", token: "secret", ca: other.cert })
    await it.until(distrusted)
    expect(kubernetes.asked).toEqual([])
  })

  test("in a pod, namespace, token and certificates are those of its account; the token is read anew for each request", async () => {
    let valid = "first"
    pod.set(`${account}/namespace`, "shop\n")
    pod.set(`${account}/token`, "first\n")
    pod.set(`${account}/ca.crt`, own.cert)
    const { kubernetes, it } = await start({}, () => valid)
    await it.until({ state: "fresh", endpoints: 1 })
    expect(kubernetes.asked[0]?.pathname).toContain("/namespaces/shop/")
    await vi.waitFor(() => expect(kubernetes.watching).toBe(1))
    valid = "second"
    pod.set(`${account}/token`, "second")
    kubernetes.endWatches()
    await vi.waitFor(() => expect(kubernetes.watching).toBe(0))
    await vi.waitFor(async () => {
      await it.clock.advance("1 second")
      expect(kubernetes.watching).toBe(1)
    })
    expect(it.troubles).toEqual([])
  })

  test("outside of one it says which file is missing", async () => {
    const { it } = await start({ namespace: "shop" })
    await it.until({ state: "empty", reason: expect.stringContaining(`${account}/token`) })
  })
})
