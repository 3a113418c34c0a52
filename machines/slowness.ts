/** What counts as slow: as the user has set it, or as it was learned; and how long a probe is waited for. */
import { type Judging, slowLine } from "./judging.ts"
import { only } from "./plug.ts"
import type { Signal } from "./vocabulary/signal.ts"

const dayMs = 86_400_000

export interface Slowness {
  readonly settings: Judging
  /** A call that takes so long is slow; `undefined` while that is not known, or of no interest. */
  readonly slowAfterMs: number | undefined
  /** How long the last probe took that nobody waited for; 0: none has ended well since the circuit closed. */
  readonly answeredMs: number
}

interface Patience extends Slowness {
  readonly settings: Judging & {
    readonly openFor: { readonly max: number }
    readonly probes: { readonly lease: number }
  }
  /** Probes that hung since the circuit closed last. */
  readonly hung: number
  readonly waitMs: number
}

type Learning = { readonly slowCalls: NonNullable<Judging["slowCalls"]> }

/** While closed it learns what is slow; where the user has set it, nothing need be measured. */
export const learns = (settings: Judging): settings is Judging & Learning =>
  settings.slowCalls !== undefined && settings.slowCalls.after === 0
export const ownLine = ({ slowCalls }: Judging): number | undefined => slowCalls?.after || undefined

/** The slow line after a slice; the present one where it teaches nothing. */
export const learntLine = ({ settings, slowAfterMs }: Slowness, event: Signal): number | undefined =>
  slowLine(settings, only(event, "slice.closed"), slowAfterMs)

/**
 * A probe that takes longer than a slow call has failed. Each that hung gives the next more time: by small steps, since a service that
 * hangs must not be waited for long; and by larger ones up to a part of the present wait, which costs little beside that.
 */
export function patienceOf({ settings, slowAfterMs, hung, waitMs }: Patience): number | undefined {
  if (slowAfterMs === undefined) return undefined
  const quick = Math.min(waitMs ** 2 / settings.openFor.max, slowAfterMs * (1 + hung ** 2 / 4))
  return Math.min(settings.probes.lease, Math.max(quick, slowAfterMs * (1 + hung / 4)))
}

/** Slower than it was by more than this it is another service, and its calls are not to be waited for. */
const muchSlower = 8
/** What took as long as the one before it, but for this part, takes as long as it takes. */
const steady = 0.1

/**
 * A probe that nobody waited for has taken so long. Two in a row that took as long tell that the service is slower now, whatever its
 * load: then calls that take so long are not slow. While a queue is worked off each takes less than the one before it, or more.
 * Where the user has set what is slow, it stands.
 */
export function answered(
  { settings, slowAfterMs, answeredMs }: Slowness,
  event: Signal,
): Partial<Pick<Slowness, "slowAfterMs" | "answeredMs">> {
  if (slowAfterMs === undefined || !learns(settings)) return {}
  const { tookMs } = only(event, "probe.answered")
  const asked = settings.slowCalls.over * tookMs
  const isSteady = Math.abs(tookMs - answeredMs) <= steady * answeredMs
  const isSlower = isSteady && asked > slowAfterMs && tookMs <= muchSlower * slowAfterMs
  return { answeredMs: tookMs, slowAfterMs: isSlower ? asked : slowAfterMs }
}

/** A slow line that was saved with a circuit; `undefined` when none was learned, `NaN` for what cannot be one. */
export function savedLine(saved: unknown): number | undefined {
  const { slowAfterMs } = saved as { readonly slowAfterMs?: unknown }
  if (slowAfterMs === undefined) return undefined
  return typeof slowAfterMs === "number" && slowAfterMs > 0 && slowAfterMs <= dayMs ? slowAfterMs : Number.NaN
}
