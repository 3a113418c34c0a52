/** Providers against servers that speak the documented protocols. Waits pass on the breaker's clock; sockets are real. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Answer } from "dns-packet"
import type { EndpointProvider, EndpointsFinding, ProviderContext } from "recloser"
import { fromConsul, fromDns, fromFile, fromKubernetes } from "recloser/discovery"
import { afterEach, describe, expect, test, vi } from "vitest"
import { nextIndex } from "../../src/consulProvider.ts"
import { world } from "../support/breakers.ts"
import { consulEntry, sliceOf, startConsul, startKubernetes, startNameServer } from "../support/registries.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
const closed = <T extends { close(): unknown }>(place: T): T => {
  closing.push(() => place.close())
  return place
}

/** A breaker that listens to a provider, and what it has found. */
function listening(provider: EndpointProvider) {
  const it = world({ discovery: { provider, settle: 0 } })
  const found: EndpointsFinding[] = []
  it.breaker.on("finding", ({ finding }) => "away" in finding && found.push(finding))
  closing.push(() => it.breaker.stop())
  const addresses = () => found.at(-1)?.endpoints.map(({ address }) => address)
  return { ...it, found, addresses, state: () => it.breaker.metrics().components.discovery }
}

/** Until it is so: what comes over real sockets comes when it comes. */
const until = <T>(look: () => T, wanted: T) =>
  vi.waitFor(() => expect(look()).toEqual(wanted), { timeout: 15_000, interval: 5 })

const a = (address: string, ttl = 60): Answer => ({ type: "A", name: "search.test", ttl, data: address })
const srv = (target: string, port: number, priority: number, weight: number): Answer => ({
  type: "SRV",
  name: "search.test",
  ttl: 60,
  data: { target, port, priority, weight },
})

describe("DNS", () => {
  const start = async (options: object = {}) => {
    const server = closed(await startNameServer())
    const provider = fromDns({ name: "search.test", servers: [server.address], ...options })
    return { server, provider }
  }

  test("addresses become endpoints, and are asked for again when their time is over", async () => {
    const { server, provider } = await start({ port: 8080 })
    server.answer = [a("10.0.0.8", 10), a("10.0.0.7", 10)]
    const it = listening(provider)
    await until(it.addresses, ["10.0.0.7:8080", "10.0.0.8:8080"])
    server.answer = [a("10.0.0.9", 10)]
    const asked = server.asked
    await it.clock.advance("9 seconds")
    expect(server.asked).toBe(asked)
    await it.clock.advance("2 seconds")
    await until(it.addresses, ["10.0.0.9:8080"])
  })

  test("a time to live of 0 is no reason to ask all the time", async () => {
    const { server, provider } = await start()
    server.answer = [a("10.0.0.7", 0)]
    const it = listening(provider)
    await until(it.addresses, ["10.0.0.7"])
    const asked = server.asked
    await it.clock.advance("4 seconds")
    expect(server.asked).toBe(asked)
    await it.clock.advance("2 seconds")
    await until(() => server.asked > asked, true)
  })

  test("services have ports and weights; only those of the first priority count", async () => {
    const { server, provider } = await start({ type: "SRV" })
    server.answer = [srv("a.test", 80, 1, 10), srv("b.test", 81, 1, 30), srv("spare.test", 82, 2, 10)]
    const it = listening(provider)
    await until(it.addresses, ["a.test:80", "b.test:81"])
    expect(it.found.at(-1)?.endpoints.map(({ weight }) => weight)).toEqual([10, 30])
  })

  test("weights keep their proportions, and a service that is decidedly not there has no endpoint", async () => {
    const { server, provider } = await start({ type: "SRV" })
    server.answer = [srv("a.test", 80, 1, 20_000), srv("b.test", 81, 1, 2000), srv("c.test", 82, 1, 0)]
    const it = listening(provider)
    await until(it.addresses, ["a.test:80", "b.test:81", "c.test:82"])
    expect(it.found.at(-1)?.endpoints.map(({ weight }) => weight)).toEqual([1000, 100, 0.05])
    server.answer = [srv(".", 0, 1, 0)]
    await it.clock.advance("31 seconds")
    await until(() => it.state()?.state, "stale")
    expect(it.state()).toMatchObject({ endpoints: 3, reason: "the last list names no endpoint" })
  })

  test.each([
    ["no records", []],
    ["no such name", "NXDOMAIN" as const],
  ])("%s keeps the endpoints that there were", async (_what, answer) => {
    const { server, provider } = await start({ port: 80 })
    server.answer = [a("10.0.0.7", 1)]
    const it = listening(provider)
    await until(it.addresses, ["10.0.0.7:80"])
    server.answer = answer
    await it.clock.advance("6 seconds")
    await until(() => it.state()?.state, "stale")
    expect(it.state()).toMatchObject({ endpoints: 1, reason: "the last list names no endpoint" })
  })

  test("a server that fails is asked again later, and its endpoints are kept", async () => {
    const { server, provider } = await start({ port: 80 })
    server.answer = [a("10.0.0.7", 1)]
    const it = listening(provider)
    await until(it.addresses, ["10.0.0.7:80"])
    server.answer = "SERVFAIL"
    await it.clock.advance("6 seconds")
    await until(() => it.state()?.state, "stale")
    expect(it.state()?.reason).toContain("ESERVFAIL")
    server.answer = [a("10.0.0.8", 60)]
    await it.clock.advance("2 seconds")
    await until(it.addresses, ["10.0.0.8:80"])
  })

  test("a thousand records come over TCP, and are all taken", async () => {
    const { server, provider } = await start({ port: 80 })
    server.answer = Array.from({ length: 1000 }, (_, index) => a(`10.0.${index >> 8}.${index & 255}`))
    const it = listening(provider)
    await until(() => it.state()?.endpoints, 1000)
  })

  test("of ten thousand records as many come as a message holds, and of those as many are kept as may be", async () => {
    const { server, provider } = await start({ port: 80 })
    server.answer = Array.from({ length: 10_000 }, (_, index) => a(`10.0.${index >> 8}.${index & 255}`))
    const it = listening(provider)
    await until(() => it.state()?.endpoints, 1000)
    expect(String(it.troubles[0]?.error)).toContain("2400 are named, of which 1000 are kept")
    expect(await it.breaker.execute(async ({ endpoint }) => endpoint?.address)).toMatch(/^10\.0\./)
  })

  test("a server that says nothing is waited for as long as it may take, named, and asked again; what was known is kept", async () => {
    const { server, provider } = await start({ port: 80, timeout: "3 seconds" })
    server.answer = [a("10.0.0.7", 1)]
    const it = listening(provider)
    await until(it.addresses, ["10.0.0.7:80"])
    server.answer = "silence"
    const asked = server.asked
    await it.clock.advance("5 seconds")
    await until(() => server.asked > asked, true)
    await it.clock.advance(2999)
    expect(it.state()?.state).toBe("fresh")
    await it.clock.advance(1)
    await until(() => it.state(), {
      ...it.state(),
      ...{ state: "stale", endpoints: 1, reason: "the provider failed: no name server answered within 3000 ms" },
    })
    server.answer = [a("10.0.0.8", 60)]
    await it.clock.advance("2 seconds")
    await until(it.addresses, ["10.0.0.8:80"])
  })

  test("a question that nobody answers ends when nobody wants to know any more", async () => {
    const { server, provider } = await start({ port: 80 })
    server.answer = "silence"
    const stop = new AbortController()
    const never = () => new Promise<void>(() => {})
    const listsOf = provider as (context: ProviderContext) => AsyncIterable<unknown>
    const next = listsOf({ signal: stop.signal, sleep: never })[Symbol.asyncIterator]().next()
    const end = next.then(
      () => "a list",
      (error: Error) => error.message,
    )
    await until(() => server.asked > 0, true)
    stop.abort()
    expect(await end).toContain("ECANCELLED")
  })

  test.each([
    [{ name: "" }],
    [{ name: "a", type: "TXT" }],
    [{ name: "a", port: 0 }],
    [{ name: "a", servers: ["surprise"] }],
    [{ name: "a", surprise: 1 }],
  ])("is refused with %j", (options) => {
    expect(() => fromDns(options as never)).toThrow(/options\./)
  })
})

describe("a file", () => {
  const start = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), "endpoints-"))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, "endpoints.json")
    const replace = (next: string) => {
      writeFileSync(`${path}.new`, next)
      renameSync(`${path}.new`, path)
    }
    writeFileSync(path, text)
    return { path, replace }
  }

  test("is read, and again when it is replaced; one that is broken keeps what there was", async () => {
    const { path, replace } = start('["10.0.0.7:80"]')
    const it = listening(fromFile({ path }))
    await until(it.addresses, ["10.0.0.7:80"])
    const soon = <T>(look: () => T, wanted: T) =>
      vi.waitFor(async () => {
        await it.clock.advance(50)
        expect(look()).toEqual(wanted)
      })
    replace('{"endpoints":[{"address":"10.0.0.8:80","zone":"near"}]}')
    await soon(it.addresses, ["10.0.0.8:80"])
    replace('["10.0.0.9:80"')
    await soon(() => it.state()?.state, "stale")
    expect(it.addresses()).toEqual(["10.0.0.8:80"])
    replace('["10.0.0.9:80"]')
    await it.clock.advance("2 seconds")
    await until(it.addresses, ["10.0.0.9:80"])
  })

  test("that is not there is waited for", async () => {
    const { path } = start("[]")
    rmSync(path)
    const it = listening(fromFile({ path }))
    await until(() => it.state()?.reason.includes("ENOENT"), true)
    writeFileSync(path, '["10.0.0.7:80"]')
    await it.clock.advance("2 seconds")
    await until(it.addresses, ["10.0.0.7:80"])
  })
})

describe("Consul", () => {
  const start = async (options: object = {}) => {
    const consul = closed(await startConsul())
    const it = listening(fromConsul({ service: "search", url: consul.url, token: "secret", tag: "blue", ...options }))
    return { consul, it }
  }

  test("is asked by blocking queries, and answers when instances change", async () => {
    const { consul, it } = await start()
    await until(() => consul.asked.length, 1)
    expect(consul.asked[0]).toBe("/v1/health/service/search?passing=1&tag=blue")
    expect(consul.tokens).toEqual(["secret"])
    await it.clock.advance("1 second")
    await until(() => consul.waiting, 1)
    expect(consul.asked.at(-1)).toBe("/v1/health/service/search?passing=1&tag=blue&index=1&wait=60s")
    consul.set(2, [
      consulEntry("a", "10.0.0.7", 8080, { Weights: { Passing: 5 }, Meta: { version: "2" } }),
      consulEntry("b", "", 81),
    ])
    await until(it.addresses, ["10.0.0.7:8080", "10.1.1.1:81"])
    expect(it.found.at(-1)?.endpoints[0]).toMatchObject({
      id: "node-1/a",
      zone: "dc1",
      weight: 5,
      metadata: { version: "2", node: "node-1" },
    })
    await it.clock.advance("1 second")
    await until(() => consul.waiting, 1)
    const weighing = (id: string, weight: number) => consulEntry(id, `${id}.test`, 80, { Weights: { Passing: weight } })
    consul.set(3, [weighing("a", 50_000), weighing("b", 500), weighing("c", 0)])
    await until(it.addresses, ["a.test:80", "b.test:80"])
    expect(it.found.at(-1)?.endpoints.map(({ weight }) => weight)).toEqual([1000, 10])
  })

  test("that answers because its time is over has nothing new to say, and an index that goes backwards begins anew", async () => {
    const { consul, it } = await start()
    await until(() => consul.asked.length, 1)
    consul.set(50, [consulEntry("a", "10.0.0.7", 80)])
    await it.clock.advance("1 second")
    await until(it.addresses, ["10.0.0.7:80"])
    await it.clock.advance("1 second")
    await until(() => consul.waiting, 1)
    consul.expire()
    await it.clock.advance("1 second")
    await until(() => consul.waiting, 1)
    expect(it.found.filter(({ state }) => state === "fresh")).toHaveLength(1)
    consul.set(3, [consulEntry("b", "10.0.0.8", 80)])
    await until(it.addresses, ["10.0.0.8:80"])
    const before = consul.asked.length
    await it.clock.advance("1 second")
    await until(() => consul.asked.length > before, true)
    expect(consul.asked[before]).not.toContain("index=")
  })

  test.each([
    ["fails", (consul: Awaited<ReturnType<typeof startConsul>>) => consul.fail(500), "Consul answered with status 500"],
    [
      "answers no list",
      (consul: Awaited<ReturnType<typeof startConsul>>) => consul.set(9, { surprise: true }),
      "Consul answered something else than a list",
    ],
    [
      "has no instance that passes",
      (consul: Awaited<ReturnType<typeof startConsul>>) => consul.set(9, []),
      "the last list names no endpoint",
    ],
  ])("that %s keeps the endpoints that there were", async (_what, act, reason) => {
    const { consul, it } = await start()
    consul.set(2, [consulEntry("a", "10.0.0.7", 80)])
    await it.clock.advance("1 second")
    await until(it.addresses, ["10.0.0.7:80"])
    await it.clock.advance("1 second")
    await until(() => consul.waiting, 1)
    act(consul)
    await until(() => it.state()?.state, "stale")
    expect(it.state()?.reason).toContain(reason)
    expect(it.state()?.endpoints).toBe(1)
  })

  test("a breaker that stops asks no more, and leaves no query waiting", async () => {
    const { consul, it } = await start()
    await it.clock.advance("1 second")
    await until(() => consul.asked.length > 0, true)
    await it.clock.advance("1 second")
    await until(() => consul.waiting, 1)
    await it.breaker.stop()
    await until(() => consul.waiting, 0)
    expect(it.clock.pending).toBe(0)
  })

  test("where a query begins after an answer", () => {
    expect([nextIndex(0, "7"), nextIndex(7, "7"), nextIndex(7, "9")]).toEqual([7, 7, 9])
    expect([
      nextIndex(7, "6"),
      nextIndex(7, "0"),
      nextIndex(7, "-1"),
      nextIndex(7, undefined),
      nextIndex(7, "x"),
    ]).toEqual([0, 0, 0, 0, 0])
  })
})

describe("Kubernetes", () => {
  const ready = (address: string, more: object = {}) => ({
    addresses: [address],
    conditions: { ready: true },
    zone: "eu-1",
    nodeName: "n1",
    targetRef: { name: "pod" },
    ...more,
  })
  const start = async (slices: readonly object[], options: object = {}) => {
    const kubernetes = closed(await startKubernetes())
    kubernetes.put("100", slices)
    const it = listening(
      fromKubernetes({ service: "search", namespace: "shop", url: kubernetes.url, token: "secret", ...options }),
    )
    return { kubernetes, it }
  }

  describe("of a service with two families of addresses", () => {
    const pods = (family: "IPv4" | "IPv6", ...each: readonly (readonly [uid: string, address: string])[]) => ({
      ...sliceOf(
        family,
        "90",
        each.map(([uid, address]) => ready(address, { targetRef: { kind: "Pod", name: `pod ${uid}`, uid } })),
      ),
      addressType: family,
    })
    const slices = [
      pods("IPv6", ["u1", "fd00::1"], ["u2", "fd00::2"], ["u3", "fd00::3"]),
      pods("IPv4", ["u1", "10.0.0.1"], ["u2", "10.0.0.2"]),
    ]

    test("counted each pod twice: one is taken at its IPv4 address, and at the other if it has no such", async () => {
      const { kubernetes, it } = await start(slices)
      await until(it.addresses, ["10.0.0.1:8080", "10.0.0.2:8080", "[fd00::3]:8080"])
      await until(() => kubernetes.watching, 1)
      kubernetes.tell({ type: "DELETED", object: pods("IPv4") })
      await until(it.addresses, ["[fd00::1]:8080", "[fd00::2]:8080", "[fd00::3]:8080"])
    })

    test("those of the family that is preferred", async () => {
      const { it } = await start(slices, { prefer: "IPv6" })
      await until(it.addresses, ["[fd00::1]:8080", "[fd00::2]:8080", "[fd00::3]:8080"])
    })

    test("a pod that is not ready yet at its one address is taken at the other", async () => {
      const starting = pods("IPv4", ["u1", "10.0.0.1"])
      const { it } = await start([
        slices[0] as object,
        { ...starting, endpoints: starting.endpoints.map((one) => ({ ...one, conditions: { ready: false } })) },
      ])
      await until(it.addresses, ["[fd00::1]:8080", "[fd00::2]:8080", "[fd00::3]:8080"])
    })

    test("endpoints of which nobody says whose they are stand for themselves", async () => {
      const { it } = await start([
        { ...sliceOf("a", "90", [{ addresses: ["10.0.0.1"] }]), addressType: "IPv4" },
        { ...sliceOf("b", "90", [{ addresses: ["fd00::1"] }]), addressType: "IPv6" },
      ])
      await until(it.addresses, ["10.0.0.1:8080", "[fd00::1]:8080"])
    })

    test("a preference that is none is refused", () => {
      expect(() => fromKubernetes({ service: "search", prefer: "ipv6" as never })).toThrow(
        /options\.prefer: must be "IPv4" or "IPv6"/,
      )
    })
  })

  test("slices are listed page by page, and watched from there on", async () => {
    const { kubernetes, it } = await start([
      sliceOf("s1", "90", [ready("10.0.0.7"), { addresses: ["10.0.0.8"], conditions: { ready: false } }]),
      sliceOf("s2", "91", [
        ready("10.0.0.9", { conditions: {} }),
        ready("10.0.0.7"),
        ready("10.0.0.6", { conditions: { ready: true, terminating: true } }),
      ]),
      sliceOf("s3", "92", [ready("fd00::1")]),
    ])
    await until(it.addresses, ["10.0.0.7:8080", "10.0.0.9:8080", "[fd00::1]:8080"])
    expect(it.found.at(-1)?.endpoints[0]).toMatchObject({ zone: "eu-1", metadata: { node: "n1", pod: "pod" } })
    await until(() => kubernetes.watching, 1)
    const [list, page, watch] = kubernetes.asked
    expect(list?.pathname).toBe("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices")
    expect(list?.searchParams.get("labelSelector")).toBe("kubernetes.io/service-name=search")
    expect(page?.searchParams.get("continue")).toBe("2")
    expect(Object.fromEntries(watch?.searchParams ?? [])).toMatchObject({
      watch: "1",
      resourceVersion: "100",
      allowWatchBookmarks: "true",
    })
    kubernetes.tell({ type: "MODIFIED", object: sliceOf("s1", "101", [ready("10.0.0.5")]) })
    kubernetes.tell({ type: "DELETED", object: sliceOf("s2", "102", []) })
    await until(it.addresses, ["10.0.0.5:8080", "[fd00::1]:8080"])
    kubernetes.tell({ type: "ADDED", object: sliceOf("s4", "103", [ready("10.0.0.4")]) })
    await until(() => it.addresses()?.length, 3)
  })

  test("a watch that ends goes on where it was, which bookmarks tell as well", async () => {
    const { kubernetes, it } = await start([sliceOf("s1", "90", [ready("10.0.0.7")])])
    await until(() => kubernetes.watching, 1)
    kubernetes.tell({ type: "BOOKMARK", object: { metadata: { resourceVersion: "250" } } })
    kubernetes.endWatches()
    await until(() => kubernetes.watching, 0)
    await vi.waitFor(async () => {
      await it.clock.advance("1 second")
      expect(kubernetes.watching).toBe(1)
    })
    expect(kubernetes.asked.at(-1)?.searchParams.get("resourceVersion")).toBe("250")
    expect(kubernetes.asked.filter((url) => !url.searchParams.has("watch"))).toHaveLength(1)
    expect(it.found).toHaveLength(1)
  })

  test.each([
    [
      "as an event",
      (kubernetes: Awaited<ReturnType<typeof startKubernetes>>) =>
        kubernetes.tell({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }),
    ],
    [
      "as a status",
      (kubernetes: Awaited<ReturnType<typeof startKubernetes>>) => {
        kubernetes.refuseNext(410)
        kubernetes.endWatches()
      },
    ],
  ])("410 Gone, %s, has all listed anew", async (_what, act) => {
    const { kubernetes, it } = await start([sliceOf("s1", "90", [ready("10.0.0.7")])])
    await until(() => kubernetes.watching, 1)
    kubernetes.put("400", [sliceOf("s9", "399", [ready("10.0.0.9")])])
    act(kubernetes)
    await vi.waitFor(async () => {
      await it.clock.advance("1 second")
      expect(it.addresses()).toEqual(["10.0.0.9:8080"])
    })
    await until(() => kubernetes.watching, 1)
    expect(kubernetes.asked.at(-1)?.searchParams.get("resourceVersion")).toBe("400")
  })

  test.each([
    ["http", "10.0.0.7:8080"],
    ["admin", "10.0.0.7:9090"],
    [9090, "10.0.0.7:9090"],
  ])("the port %s is chosen", async (port, address) => {
    const ports = [
      { name: "http", port: 8080 },
      { name: "admin", port: 9090 },
    ]
    const { it } = await start([sliceOf("s1", "90", [ready("10.0.0.7")], ports)], { port })
    await until(it.addresses, [address])
  })

  test("an API that refuses, or tells nonsense, keeps the endpoints that there were", async () => {
    const { kubernetes, it } = await start([sliceOf("s1", "90", [ready("10.0.0.7")])])
    await until(() => kubernetes.watching, 1)
    kubernetes.tell({ type: "ERROR", object: { code: 500, message: "etcd is away" } })
    await until(() => it.state()?.state, "stale")
    expect(it.state()?.reason).toContain("etcd is away")
    expect(it.addresses()).toEqual(["10.0.0.7:8080"])
    const { it: stranger } = await start([], { token: "wrong" })
    await until(() => stranger.state()?.reason.includes("status 401"), true)
  })
})
