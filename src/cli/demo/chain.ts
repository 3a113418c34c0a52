import { type Breaker, type BreakerConfig, createBreaker, type Verdict } from "../../index.ts"
import { classifyResponse, protectFetch } from "../../integrations/fetch.ts"
import type { BackendOptions, Backends } from "./backends.ts"
import type { Closers } from "./closers.ts"
import { openService } from "./faultyService.ts"
import { openLedger, worked } from "./ledger.ts"
import { seedFor } from "./random.ts"
import { BECAUSE_OF, openRelay, REFUSED_BY } from "./relay.ts"

/** How long a call to each may take, beside one to the ledger: whoever waits for another has a little more. */
const room = { ledger: 1, payments: 1.25, orders: 1.5, catalog: 1 }

/**
 * Three services, each of which needs the next: orders, payments, and the ledger at three endpoints; and the catalog, which needs none
 * of them. Every arrow is a call over a socket, with a breaker where it leaves; the twin has the same without breakers.
 */
export async function openChain(options: BackendOptions, closers: Closers): Promise<Backends> {
  const { play, seed } = options
  const timeoutOf = (service: keyof typeof room) => room[service] * play.settings.timeoutMs
  const breakerOf = (name: keyof typeof room, config: BreakerConfig): Breaker | undefined => {
    if (!options.protected) return undefined
    const breaker = createBreaker(name, { ...config, timeout: timeoutOf(name) })
    closers.add(() => breaker.stop({ grace: "1 second" }))
    return breaker
  }
  const ledger = await openLedger(options, timeoutOf("ledger"), (config) => breakerOf("ledger", config), closers)
  const payments = await openRelay({
    ...{ name: "payments", seed: seedFor(seed, "payments"), needs: "ledger" },
    ask: ledger.ask,
  })
  closers.add(payments.close)
  const toPayments = breakerOf("payments", needing("ledger"))
  const askPayments = hop(toPayments, () => payments.url, timeoutOf("payments"))
  const orders = await openRelay({
    ...{ name: "orders", seed: seedFor(seed, "orders"), needs: "payments" },
    ask: askPayments,
  })
  closers.add(orders.close)
  const toOrders = breakerOf("orders", needing("payments"))
  const askOrders = hop(toOrders, () => orders.url, timeoutOf("orders"))
  const catalog = await openService({ ...worked(options), name: "catalog", seed: seedFor(seed, "catalog") })
  closers.add(catalog.close)
  const toCatalog = breakerOf("catalog", {})
  const askCatalog = hop(toCatalog, () => catalog.url, timeoutOf("catalog"))
  return {
    services: [...ledger.services, catalog],
    breakers: [toOrders, toPayments, ledger.breaker, toCatalog].flatMap((breaker) => breaker ?? []),
    behind: ({ name, service }) =>
      service === "catalog"
        ? {
            call: () => askCatalog(`/${name}`),
            isFailing: () => false,
            circuit: () => toCatalog?.circuit,
            fault: () => "none",
          }
        : {
            call: () => askOrders(`/${name}`),
            isFailing: ledger.isDown,
            circuit: () => toOrders && standingOf(toOrders),
            fault: () => (ledger.isDown() ? "down" : "none"),
          },
    parts: ledger.parts,
  }
}

const needing = (name: string): BreakerConfig => ({
  strategy: { type: "dependency", dependencies: { [name]: { type: "critical" } } },
})

/** Its circuit, or that somebody further in holds its calls back. */
export function standingOf(breaker: Breaker): string {
  const { circuit } = breaker
  return circuit === "closed" && breaker.metrics().components.dependency?.derived === "blocked" ? "blocked" : circuit
}

/** What a relay says of its answer: whose failure it is, or that somebody further in refused it. */
function classifyRelayed(exit: Parameters<typeof classifyResponse>[0]): Verdict {
  if (exit.ok && exit.value.headers.has(REFUSED_BY)) return "ignored"
  const kind = classifyResponse(exit)
  const dependency = exit.ok ? (exit.value.headers.get(BECAUSE_OF) ?? undefined) : undefined
  return kind === "failure" && dependency !== undefined ? { kind, dependency } : kind
}

/** A call of one service to the next, through its breaker or with the same timeout and nothing in front. */
function hop(breaker: Breaker | undefined, url: () => string, timeoutMs: number) {
  const guarded = breaker && protectFetch(breaker, { classify: classifyRelayed })
  return (path: string, signal?: AbortSignal): Promise<Response> => {
    if (guarded) return guarded(url() + path, { signal: signal ?? null })
    const timeout = AbortSignal.timeout(timeoutMs)
    return fetch(url() + path, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
  }
}
