/** A data plane whose gate names endpoints and holds nothing back itself. */
import type { Ejection, Endpoint, EndpointsLine } from "../../machines/vocabulary/endpoint.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Endpoints } from "../../src/data-plane/endpoints/endpoints.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { type BarePlane, barePlane, openGate } from "./barePlane.ts"

export const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  address: `${id}.test:80`,
  zone: undefined,
  weight: 1,
  metadata: {},
  ...more,
})

export const endpointsOf = (...ids: readonly string[]): readonly Endpoint[] => ids.map((id) => endpoint(id))

/** One that three calls in a row spoke against, out for a second. */
export const ejection = (id: string, more: Partial<Ejection> = {}): Ejection => ({
  id,
  at: 0,
  until: 1000,
  statistics: { calls: 3, failures: 3, slow: 0 },
  failedTrials: 0,
  ...more,
})

export const lineOf = (endpoints: readonly Endpoint[], more: Partial<EndpointsLine> = {}): EndpointsLine => ({
  endpoints,
  bad: [],
  suspect: [],
  panic: false,
  zone: undefined,
  ejection: { share: 0.5, firstMs: 1000, longestMs: 30_000 },
  slowStartMs: 10_000,
  seed: 1,
  ...more,
})

let version = 1
export const gateOf = (endpoints: EndpointsLine | undefined, more: Partial<Gate> = {}): Gate =>
  openGate({ endpoints, slowAfterMs: 1000 }, { version: ++version, ...more })

export interface EndpointPlane extends BarePlane {
  readonly endpoints: Endpoints
  swap(line: EndpointsLine): void
  /** A call that is not yet over. */
  begin(): Receipt
  end(receipt: Receipt, kind?: OutcomeKind): void
  /** One call that takes so long; answers where it went. */
  call(outcome: (id: string) => OutcomeKind, ms?: number): string
  /** So many calls, one after another: how many went where. */
  calls(count: number, outcome?: (id: string) => OutcomeKind, ms?: number): { readonly [id: string]: number }
}

export const well = (): OutcomeKind => "success"

export function endpointPlane(line: EndpointsLine): EndpointPlane {
  const bare = barePlane()
  const { plane, clock } = bare
  plane.swap(gateOf(line))
  const begin = () => {
    const ticket = plane.admit(clock.now())
    if (!ticket.admitted) throw new Error(`refused: ${ticket.reason}`)
    return ticket
  }
  const end = (receipt: Receipt, kind: OutcomeKind = "success") => void plane.settleAt(receipt, kind, clock.now())
  const call = (outcome: (id: string) => OutcomeKind, ms = 10) => {
    const receipt = begin()
    const id = receipt.endpoint?.id ?? ""
    clock.step(ms)
    end(receipt, outcome(id))
    return id
  }
  return {
    ...bare,
    get endpoints() {
      const { endpoints } = plane.admission
      if (endpoints === undefined) throw new Error("no endpoints")
      return endpoints
    },
    swap: (next) => plane.swap(gateOf(next)),
    begin,
    end,
    call,
    calls: (count, outcome = well, ms = 10) => {
      const counts: { [id: string]: number } = {}
      for (let each = 0; each < count; each++) {
        const id = call(outcome, ms)
        counts[id] = (counts[id] ?? 0) + 1
      }
      return counts
    },
  }
}
