/** Many recloser breakers under keys, by `createBreakers` as soon as the door exports it. */
import * as door from "../../../src/index.ts"
import type { VirtualClock } from "../../../src/testing/index.ts"
import type { Keyed } from "../adapter.ts"

/** What the cases need of `createBreakers`. */
interface Breakers {
  get(key: string): door.Breaker
  stop(): Promise<void>
}

type CreateBreakers = (
  options: { readonly max: number; readonly config: (key: string) => door.BreakerConfig },
  surroundings: { readonly clock: VirtualClock },
) => Breakers

const createBreakers: unknown = Reflect.get(door, "createBreakers")

const config: door.BreakerConfig = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 hour" },
  timeout: false,
}

async function make(cap: number, clock: VirtualClock): Promise<Keyed> {
  const breakers = (createBreakers as CreateBreakers)({ max: cap, config: () => config }, { clock })
  const fail = async () => {
    throw new Error("down")
  }
  return {
    failEach: async (keys) => {
      for (const key of keys) await breakers.get(key).tryExecute(fail)
    },
    countOpen: async (keys) => keys.filter((key) => breakers.get(key).circuit === "open").length,
    dispose: () => breakers.stop(),
  }
}

export const keyedRecloser = typeof createBreakers === "function" ? make : undefined
