/** The real inspector of XState 4, in its own world: this folder has XState 4 beside it. */
import { createRequire } from "node:module"

/** What it has understood: machines and states are XState 4's own objects by then. */
export interface Understood {
  readonly type: string
  readonly sessionId: string
  readonly id?: string
  readonly parent?: string
  readonly machine?: { readonly id: string; transition(state: string, event: string): { readonly value: unknown } }
  readonly state?: { readonly value: unknown; matches(path: string): boolean }
  readonly event?: { readonly name: string; readonly data: { readonly type: string } }
}

interface Receiver {
  send(event: object): void
  subscribe(next: (event: Understood) => void): { unsubscribe(): void }
}

const require = createRequire(import.meta.url)

export const { version } = require("xstate/package.json") as { readonly version: string }

const inspect = require("@xstate/inspect") as {
  createWebSocketReceiver(options: { readonly server: string }): Receiver
}

export const connect = (server: string): Receiver => inspect.createWebSocketReceiver({ server })
