/** A log of which names are hidden, as the inspector and the recorder hide them. */
import type { Assembly } from "./assemble.ts"
import { GivenNames } from "./givenNames.ts"
import { invalid } from "./knownOptions.ts"
import type { LogStyle, RedactedLog, Shown } from "./observability/logging.ts"
import { Mask } from "./observability/redaction/mask.ts"
import { type Redact, Redaction } from "./observability/redaction/redaction.ts"

/** Of so many breakers it is remembered which names they have told of. */
const mostBreakers = 1000
/** When so many keys have been told of, what stands for one is worked out anew. */
const mostKeys = 20_000

/** One for all logs: it listens for as long as the process lives. */
let names: GivenNames | undefined

interface Told {
  readonly type: string
  readonly breaker: string
  readonly key?: string
  readonly error?: unknown
  readonly rejection?: { readonly layer: string; readonly reason: string }
}

/**
 * For `log` of `createBreaker` and `createBreakers`, and of breakers of `recloser/effect`, where `style` says nothing because the Logger
 * has its own: the same lines, with what `redact` makes of it in place of each text that says who somebody is: the key of a breaker of
 * `createBreakers`, also where another depends on that; keys of calls; names of features, ids and addresses of endpoints; messages of
 * errors. Names that the program gave its own breakers, and the reasons of its operators, are told. The same marks as on the page and in
 * a recording come from the same `redact`: see `createMarks`. Throws `InvalidConfig`.
 *
 * @example
 * import { createBreakers } from "recloser"
 * import { createMarks, redactedLog } from "recloser/inspect"
 *
 * const redact = createMarks("a secret of at least 16 characters")
 * const perCustomer = createBreakers({}, { log: redactedLog("json", redact) })
 * perCustomer.get("alice@example.com").forceOpen("maintenance") // "breaker":"#…"
 * await perCustomer.stop()
 */
export function redactedLog(style: LogStyle, redact: Redact): RedactedLog {
  if (style !== "human" && style !== "json") throw invalid("style", style, 'must be "human" or "json"')
  if (typeof redact !== "function") throw invalid("redact", redact, "must be a function")
  names ??= new GivenNames()
  const given = names
  const redaction = new Redaction(redact, (name) => given.isOwn(name, false))
  return { style, shown: (begun) => shownWith(redaction, begun as Assembly | undefined) }
}

/** Names that were told to one breaker are hidden in whatever it tells later. Those of many are forgotten with the oldest. */
function shownWith(redaction: Redaction, begun: Assembly | undefined): Shown {
  const masks = new Map<string, Mask>()
  const maskOf = (breaker: string): Mask => {
    const mask = masks.get(breaker) ?? new Mask(redaction)
    masks.delete(breaker)
    masks.set(breaker, mask)
    for (const oldest of masks.keys()) if (masks.size > mostBreakers) masks.delete(oldest)
    return mask
  }
  const shown = (event: Told): Told => {
    if (redaction.keys.size >= mostKeys) redaction.keys.forget()
    const mask = maskOf(event.breaker)
    mask.know(event.breaker, true)
    const { key, error, rejection, ...rest } = event
    return {
      ...mask.value(rest),
      breaker: redaction.breaker(event.breaker),
      ...(key !== undefined && { key: redaction.hide(key) }),
      ...(error !== undefined && { error: mask.error(error) }),
      ...(rejection && { rejection: { ...mask.value(rejection), reason: reasonIn(rejection, mask, redaction.hide) } }),
    }
  }
  if (begun !== undefined) {
    const { endpoints } = begun.plane.gate.lines
    maskOf(begun.name).learn([...begun.parts.map(({ settings }) => settings), { endpoints: endpoints?.endpoints }])
  }
  return (event) => shown(event as Told) as typeof event
}

/** A part of the service is called by the key of its calls, at the beginning. */
function reasonIn({ layer, reason }: { layer: string; reason: string }, mask: Mask, hide: Redact): string {
  if (layer !== "cell") return mask.text(reason)
  return reason.replace(/^"(?:[^"\\]|\\.)*"/, (quoted) => JSON.stringify(hide(JSON.parse(quoted) as string)))
}
