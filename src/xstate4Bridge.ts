/** For inspectors of XState 4: all breakers of this process in the protocol of `@xstate/inspect`. */
import { followActors } from "./actors.ts"
import { newToken, readDoor, refuse, unavailable } from "./inspector.ts"
import { refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import { openSockets } from "./observability/xstate4/sockets.ts"

export interface XState4BridgeOptions {
  /** The port on 127.0.0.1. Default: any free one. */
  readonly port?: number | undefined
  /** Whether tools may send events to actors, past every check of this library. Default: false. */
  readonly control?: boolean | undefined
  /** What a tool must know, 16 to 200 letters, digits, `-` or `_`. Default: 32 random letters, in `server`. */
  readonly token?: string | undefined
  /** Pages of these origins may connect, as `"https://stately.ai"`. Default: none; programs, which have no origin, always may. */
  readonly origins?: readonly string[] | undefined
  /** What stands for a text that says who somebody is: see `inspectActors`. */
  readonly redact?: ((text: string) => string) | undefined
}

export interface XState4Bridge extends AsyncDisposable {
  readonly port: number
  /** What a tool connects to, token included: `createWebSocketReceiver({ server })`. Whoever has it can look. */
  readonly server: string
  stop(): Promise<void>
}

function readOptions(options: XState4BridgeOptions) {
  refuseStrangers(options, ["port", "control", "token", "origins", "redact"])
  const { port = 0, control = false, token = newToken(), origins = [] } = options
  readDoor({ port, control, token })
  const isOrigin = (origin: unknown) =>
    typeof origin === "string" && URL.canParse(origin) && new URL(origin).origin === origin
  if (!Array.isArray(origins) || !origins.every(isOrigin))
    refuse("options.origins", origins, 'must be a list of origins such as ["https://stately.ai"]')
  refuseNoFunction(options.redact, "options.redact")
  return { port, control, token, origins, redact: options.redact }
}

/**
 * Lets inspectors of XState 4 look at every breaker of this process: the real `@xstate/inspect` (0.8) by `createWebSocketReceiver`, and what
 * else speaks its protocol over WebSocket. Charts, events, states and ends are told in the words of XState 4; with `control`, events
 * that the tool sends reach their actor once. On 127.0.0.1 only, for those who have the token; it keeps no process alive. Needs
 * the package `ws`. Rejects with `InvalidConfig`, and when the port cannot be had.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { startXState4Bridge } from "recloser/inspect"
 * import assert from "node:assert/strict"
 *
 * const payments = createBreaker("payments")
 * const bridge = await startXState4Bridge()
 * const tool = new WebSocket(`ws://${bridge.server}`) // or: createWebSocketReceiver({ server: bridge.server })
 * tool.onopen = () => tool.send(JSON.stringify({ type: "xstate.inspecting" }))
 * const told = await new Promise<string>((resolve) => (tool.onmessage = ({ data }) => resolve(String(data))))
 * assert.equal(JSON.parse(told).type, "service.register")
 * await bridge.stop()
 * await payments.stop()
 */
export async function startXState4Bridge(options: XState4BridgeOptions = {}): Promise<XState4Bridge> {
  const { redact, ...settings } = readOptions(options)
  const opened = openSockets({ ...settings, follow: (tell, meet) => followActors(tell, meet, redact) })
  const { port, stop } = await opened.catch((error: unknown) => {
    throw unavailable(settings.port, error)
  })
  return { port, server: `127.0.0.1:${port}/?token=${settings.token}`, stop, [Symbol.asyncDispose]: stop }
}
