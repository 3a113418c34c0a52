/** Who hears what: parts never address one another; the root sends each what it says that it hears. */
import type { BreakerContext } from "./fold.ts"
import type { AnyPlug } from "./plug.ts"
import type { FindingSignal } from "./vocabulary/finding.ts"
import type { ProbeSettled } from "./vocabulary/signal.ts"

const hears = ({ hears }: AnyPlug, event: { readonly type: string }): boolean =>
  (hears as readonly string[]).includes(event.type)

/** The children that hear this event. */
export const hearersOf = ({ parts }: BreakerContext, event: { readonly type: string }): readonly string[] =>
  parts.filter(({ plug }) => hears(plug, event)).map(({ plug }) => plug.key)

/** A verdict on a probe is of its moment; what a finding says otherwise holds until the next one. */
export const lasts = (signal: FindingSignal | ProbeSettled): signal is FindingSignal =>
  !signal.type.startsWith("probe.")

/** What the others have found, as a part hears it that begins in the middle. */
export const foundSoFar = (
  { voices, at }: Pick<BreakerContext, "voices" | "at">,
  plug: AnyPlug,
): readonly FindingSignal[] =>
  Object.values(voices)
    .flatMap(({ told }) => told.filter((signal) => hears(plug, signal)))
    .map((signal) => ({ ...signal, at }))
