import { randomInt } from "node:crypto"
import { InvalidArgumentError } from "commander"
import { LOOPBACK } from "./listen.ts"

/** What the command line asks of `recloser demo`, each value checked on its own. */
export interface DemoOptions {
  /** In seconds; undefined = not given: 30, or with --to until Ctrl-C. */
  readonly duration: number | undefined
  readonly port: number
  readonly seed: number
  /** Requests a second; undefined = not given: 90, or with --to no load. */
  readonly rate: number | undefined
  /** What is played; without --to only. */
  readonly scenario: ScenarioName
  readonly json: boolean
  readonly color: boolean
  readonly to: URL | undefined
  /** Whether a page shows the breakers. */
  readonly inspect?: boolean | undefined
  /** The file in which the breakers are recorded. */
  readonly record?: string | undefined
}

/** Named here, so that the command line need not load what it names. */
export const SCENARIOS = ["incident", "overload", "dependency"] as const
export type ScenarioName = (typeof SCENARIOS)[number]

export const DEFAULT_DURATION = 30
export const DEFAULT_RATE = 90
export const MOST_RATE = 500
/** The load is for our own gateway, but with --to it goes on to somebody's real service. */
export const MOST_RATE_TO = 50

export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`)
  }
}

export function wholeBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
  }
}

export function baseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new InvalidArgumentError("Give a whole address such as https://api.example.com/v1.")
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new InvalidArgumentError("Give the address without user name, password, ? or #.")
  }
  return url
}

export function randomSeed(): number {
  return randomInt(1, 100_000)
}

/** What is wrong with options that are right each on its own; undefined = nothing. */
export function conflictOf({ to, rate, port }: DemoOptions, isPlayNamed = false): string | undefined {
  if (to === undefined) return undefined
  if (isPlayNamed) return "--scenario plays with services of its own, and --to protects one of yours: give one of them"
  if (rate !== undefined && rate > MOST_RATE_TO) {
    return `with --to the load is at most ${MOST_RATE_TO} requests/s, so that a demo cannot flood a real service; --rate was ${rate}`
  }
  if (port !== 0 && [LOOPBACK, "localhost", "[::1]"].includes(to.hostname) && portOf(to) === port) {
    return `--to ${to} is the gateway's own --port ${port}: it would forward to itself`
  }
  return undefined
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80))
}
