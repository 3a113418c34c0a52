/**
 * Reading durations: Effect's input notation as milliseconds. Effect's own module would take a twentieth of the whole budget of
 * the promise door for this one function; a law compares the two.
 */
import type * as Duration from "effect/Duration"

/** A duration as a user writes it: Effect's input notation. */
export type DurationInput = Duration.Input

const minuteMs = 60_000
/** Milliseconds of a unit, by the names of both notations: `"5 millis"` and `{ milliseconds: 5 }`. */
const units: { readonly [unit: string]: number } = {
  nano: 1e-6,
  micro: 1e-3,
  milli: 1,
  nanosecond: 1e-6,
  microsecond: 1e-3,
  millisecond: 1,
  second: 1000,
  minute: minuteMs,
  hour: 60 * minuteMs,
  day: 1440 * minuteMs,
  week: 10_080 * minuteMs,
}

const written = /^(-?\d+(?:\.\d+)?)\s+(nano|micro|milli|second|minute|hour|day|week)s?$/

/** No duration that a person writes is longer. */
const longest = 200

function ofText(text: string): number | undefined {
  if (text.length > longest) return undefined
  const [, amount, unit = ""] = written.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * (units[unit] as number)
}

/** `[seconds, nanoseconds]`, as `process.hrtime` answers. */
function ofPair([seconds, nanos, ...others]: readonly unknown[]): number | undefined {
  if (typeof seconds !== "number" || typeof nanos !== "number" || others.length > 0) return undefined
  return seconds * 1000 + nanos / 1e6
}

/** `{ seconds: 1, milliseconds: 500 }`: units alone, each in the plural and a number. */
function ofFields(fields: object): number | undefined {
  const entries = Object.entries(fields)
  let ms = 0
  for (const [field, amount] of entries) {
    const unit = field.endsWith("s") ? units[field.slice(0, -1)] : undefined
    if (unit === undefined || typeof amount !== "number") return undefined
    ms += amount * unit
  }
  return entries.length > 0 ? ms : undefined
}

function ofObject(input: object): number | undefined {
  if (Array.isArray(input)) return ofPair(input)
  if (!("~effect/Duration" in input)) return ofFields(input)
  const { value } = input as Duration.Duration
  return value._tag === "Millis" ? value.millis : value._tag === "Nanos" ? Number(value.nanos) / 1e6 : undefined
}

/** Milliseconds of a duration input; `undefined` when it is not one, or not finite. Never throws. */
export function toMs(input: unknown): number | undefined {
  try {
    const ms =
      typeof input === "number"
        ? input
        : typeof input === "string"
          ? ofText(input)
          : typeof input === "bigint"
            ? Number(input) / 1e6
            : typeof input === "object" && input !== null
              ? ofObject(input)
              : undefined
    return Number.isFinite(ms) ? ms : undefined
  } catch {
    return undefined
  }
}
