/** Many recloser breakers under keys. */
import { type BreakerConfig, createBreakers } from "../../../src/index.ts"
import type { VirtualClock } from "../../../src/testing/index.ts"
import type { Keyed } from "../adapter.ts"

const config: BreakerConfig = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 hour" },
  timeout: false,
}

export async function keyedRecloser(cap: number, clock: VirtualClock): Promise<Keyed> {
  const breakers = createBreakers({ max: cap, config: () => config }, { clock })
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
