/** The inspector of this process. */
import { randomBytes } from "node:crypto"
import { basename } from "node:path"
import { InvalidConfig, show } from "../machines/options.ts"
import { type Clock, systemClock } from "./Clock.ts"
import { redactionOf } from "./givenNames.ts"
import { refuseNoClock, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import { libraryVersion } from "./libraryVersion.ts"
import type { Pace } from "./observability/inspector/broadcast.ts"
import { InspectorServer } from "./observability/inspector/server.ts"
import { ShownWorld } from "./observability/inspector/shownWorld.ts"
import { LivingWorld } from "./world.ts"

export interface InspectorOptions {
  /** The port on 127.0.0.1. Default: any free one. */
  readonly port?: number | undefined
  /** Whether the page may force open, bypass, shadow and release, with a reason that is logged. Default: false. */
  readonly control?: boolean | undefined
  /** What a page must know, 16 to 200 letters, digits, `-` or `_`. Default: 32 random letters, in the address that is printed. */
  readonly token?: string | undefined
  /** Which breakers are shown; of those made by `createBreakers`, all. Default: all. */
  readonly breakers?: ((name: string) => boolean) | undefined
  /** What the page calls the program. Default: the name of its main file. */
  readonly title?: string | undefined
  /**
   * What stands for a text that says who somebody is: the key of a breaker of `createBreakers`, also where another depends on that; the
   * name of a feature; the id and address of an endpoint; the message of an error. Default: nothing stands for them, they are shown. The
   * same function at the recorder makes the same marks there. Logins and queries of addresses are never shown.
   */
  readonly redact?: ((text: string) => string) | undefined
  /** Where the inspector gets its time from. Default: the process's clock. */
  readonly clock?: Clock | undefined
}

export interface Inspector {
  /** The address to open, token included. Whoever has it can look, and act if control is enabled. */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const names = ["port", "control", "token", "breakers", "title", "redact", "clock"]

export const refuse = (path: string, value: unknown, rule: string): never => {
  throw new InvalidConfig([{ path, value: show(value), rule }])
}

export const newToken = (): string => randomBytes(24).toString("base64url")

/** What every door to the outside is told: where it is, who may pass, and what they may do. */
export function readDoor({ port, control, token }: { port: number; control: boolean; token: string }): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse("options.port", port, "must be a port, 0 to 65535")
  if (typeof control !== "boolean") refuse("options.control", control, "must be true or false")
  if (typeof token !== "string" || !/^[\w-]{16,200}$/.test(token)) {
    refuse("options.token", "(hidden)", "must be 16 to 200 letters, digits, - or _")
  }
}

function readOptions(options: InspectorOptions) {
  refuseStrangers(options, names)
  const { port = 0, control = false, token = newToken(), clock = systemClock } = options
  readDoor({ port, control, token })
  for (const name of ["breakers", "redact"] as const) refuseNoFunction(options[name], `options.${name}`)
  if (typeof (options.title ?? "") !== "string") refuse("options.title", options.title, "must be a text")
  refuseNoClock(clock)
  return { port, control, token, clock }
}

export const paceOf = (clock: Clock): Pace => ({
  now: () => clock.now(),
  wallNow: () => clock.wallNow(),
  after: (delayMs, run) => {
    const timer = clock.arm(delayMs, run, false)
    return () => timer.disarm()
  },
})

/** The port cannot be had: the same error, in words. */
export function unavailable(port: number, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== "EADDRINUSE" && code !== "EACCES") return error
  const why = code === "EACCES" ? "may not be opened by this user" : "is already in use"
  const words = `port ${port} on 127.0.0.1 ${why}: choose another, or 0 for any free one`
  return Object.assign(new Error(words, { cause: error }), { name: "PortUnavailable", code })
}

/**
 * Serves a page that shows every breaker of this process as it lives: which service fails, why calls are refused, and when the next probe
 * comes. On 127.0.0.1 only, for those who have the token; it loads nothing from elsewhere, and keeps no process alive. Calls pay
 * nothing for it. Rejects with `InvalidConfig`, and when the port cannot be had.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { startInspector } from "recloser/inspect"
 * import assert from "node:assert/strict"
 *
 * const payments = createBreaker("payments")
 * const inspector = await startInspector()
 * assert.match(inspector.url, /^http:\/\/127\.0\.0\.1:\d+\/#/) // open it in a browser
 * await inspector.stop()
 * await payments.stop()
 */
export async function startInspector(options: InspectorOptions = {}): Promise<Inspector> {
  const { port: asked, control, token, clock } = readOptions(options)
  const living = new LivingWorld(options.breakers ?? (() => true))
  const { redaction, forget } = redactionOf(options.redact)
  const world = new ShownWorld(living, redaction)
  const program = options.title ?? basename(process.argv[1] ?? process.title)
  const about = { library: libraryVersion(), program, control, recording: undefined }
  const server = new InspectorServer({ port: asked, token, about, world, pace: paceOf(clock), recording: undefined })
  const end = () => {
    living.end()
    forget()
  }
  const port = await server.listen().catch((error: unknown) => {
    end()
    throw unavailable(asked, error)
  })
  const stop = async () => {
    end()
    await server.stop()
  }
  return { url: `http://127.0.0.1:${port}/#${token}`, port, stop, [Symbol.asyncDispose]: stop }
}
