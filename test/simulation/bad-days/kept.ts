/** Days that once showed a violation, shortened: each is played again in every run of the tests. */
import type { Script } from "./play.ts"

export const kept: readonly (readonly [string, Script])[] = [
  [
    "a line that was longer than another config lets it be",
    {
      seed: 200765,
      config: {
        strategy: {
          type: "gradual",
          falseAlarms: false,
          trial: true,
          slowCalls: { after: 200 },
          openFor: { base: 5000, max: 30000, jitter: 0.25 },
          probes: { atOnce: 3, wrong: 0.05, lease: 5000 },
        },
        priority: true,
        rateLimit: true,
        retry: { attempts: 2, hedge: false },
        timeout: false,
        prediction: false,
        metrics: true,
      },
      happenings: [
        {
          do: "weather",
          weather: {
            failure: 0.17483133394271136,
            hang: 0,
            slow: 0,
            throttled: 0,
            asks: 0,
            ignored: 0.01,
            latencyMs: 699.2073498433456,
          },
        },
        {
          do: "calls",
          seed: 908471178,
          calls: 138,
          everyMs: 1,
          door: "execute",
          keys: 5,
          priority: "normal",
          deadlineMs: 30000,
          idempotent: false,
          abort: 0.5,
          forget: 0,
          cost: 1,
        },
        { do: "reconfigure", seed: 769942533 },
      ],
    },
  ],
]
