import { openChain } from "./chain.ts"
import { type Fault, WELL } from "./faultyService.ts"
import { counted, percent } from "./figures.ts"
import { endpointName, endpointNames } from "./ledger.ts"
import type { LaneSpec, Phase, Play } from "./play.ts"
import { settingsFor } from "./settings.ts"
import type { PhaseCounts, PhaseSummary, SideSummary } from "./summary.ts"

/** The parts of the requests. */
const SHARES: Readonly<Record<string, number>> = { browse: 4, checkout: 3, refund: 2, history: 2 }

function phasesOf(durationMs: number, perSecond: number): readonly Phase[] {
  const phase = (share: number, name: string, faults: Readonly<Record<string, Fault>>): Phase => {
    const atMs = share * durationMs
    const well = Object.fromEntries(endpointNames.map((one) => [one, WELL]))
    return { name, atMs, perSecond, faults: { ...well, ...faults }, isOverloaded: false }
  }
  const hang: Fault = { kind: "hang" }
  return [
    phase(0, "all is well", {}),
    phase(0.1, "endpoint b of the ledger answers 503", { [endpointName("b")]: { kind: "errors" } }),
    phase(0.2, "endpoint b is well again", {}),
    phase(0.36, "the whole ledger hangs", Object.fromEntries(endpointNames.map((name) => [name, hang]))),
    phase(0.5, "the ledger is well again", {}),
  ]
}

/** orders need payments, payments need the ledger: one endpoint of the ledger fails, then all of it, and what it can do comes back. */
export function dependency(durationMs: number, perSecond: number): Play {
  const settings = settingsFor(durationMs)
  const lane = (name: string): LaneSpec => ({
    name,
    service: name === "browse" ? "catalog" : "orders",
    share: SHARES[name] ?? 1,
    facts: { feature: name },
  })
  return {
    services: ["catalog", "orders", "payments", "ledger"],
    lanes: Object.keys(SHARES).map(lane),
    phases: phasesOf(durationMs, perSecond),
    settings: {
      ...settings,
      rules: [
        "browse asks the catalog, the others ask orders, which needs payments, which",
        "needs the ledger at a, b and c. Breakers know that, and that refund needs",
        `checkout; the rest is the default. Both: ${Number((settings.timeoutMs / 1000).toFixed(2))} s for the ledger, ${settings.gatewayWorkers} workers.`,
      ],
    },
    hasFaults: true,
    open: openChain,
    counted: "ledger",
    isToldByPhase: true,
    statement: aboutEach,
  }
}

function aboutEach(guarded: SideSummary, bare: SideSummary, phases: readonly PhaseSummary[]): string {
  const [, one, , all, after] = phases
  return [one && aboutEndpoint(one), all && aboutOutage(all, guarded, bare), after && aboutReturn(guarded, after)]
    .filter((part) => part !== undefined)
    .join(" ")
}

const answered = ({ answered, requests }: PhaseCounts): string => percent(answered, requests)

function aboutEndpoint({ protected: guarded, unprotected: bare }: PhaseSummary): string {
  const shares = `${answered(guarded)} of the requests were answered with breakers, ${answered(bare)} without`
  return `While one endpoint of three failed, ${shares}.`
}

function aboutOutage(all: PhaseSummary, guarded: SideSummary, bare: SideSummary): string {
  const [before, sent] = [bare.callsToFailing ?? 0, guarded.callsToFailing ?? 0]
  const spared =
    sent < before ? `${counted(before - sent, "call")} to a failing endpoint were not made` : "no call was spared"
  const shares = `${answered(all.protected)} of the requests were answered with breakers, ${answered(all.unprotected)} without`
  return `While all of it hung, ${shares}: the catalog needs no ledger, but it shares the gateway's workers. In all ${spared} (${before} → ${sent}).`
}

function aboutReturn(
  { rejectedWhileWell }: SideSummary,
  { protected: guarded, unprotected: bare }: PhaseSummary,
): string {
  const price = counted(rejectedWhileWell ?? 0, "call")
  const shares = `${answered(guarded)} were answered in that time, ${answered(bare)} without breakers`
  return `The price of coming back step by step, feature by feature: ${price} rejected while the ledger was well; ${shares}.`
}
