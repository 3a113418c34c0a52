/** Recordings of breakers whose calls enter by `acquire()`: the replay knows for how long each permit is lent, and ends the lease as it ended then. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type AcquireOptions, type BreakerConfig, createBreaker, createBreakers, type Permit } from "recloser"
import { type RecorderOptions, startRecorder } from "recloser/inspect"
import { describe, expect, test } from "vitest"
import type { OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import { moveWords } from "../../../src/observability/decisionWords.ts"
import { type CallsLine, codes, numberMask } from "../../../src/observability/recording/format.ts"
import { happenings } from "../../../src/observability/recording/happenings.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { Reel } from "../../../src/observability/recording/reel.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { whatIf } from "../../../src/testing/replay/whatIf.ts"
import { type HaltingClock, haltingClock } from "../../support/haltingClock.ts"
import { folder } from "../../support/incident.ts"
import fc from "../../support/property.ts"

interface Lender {
  readonly clock: HaltingClock
  /** Asks for a permit; nobody has it who was refused. */
  take(options?: AcquireOptions): Permit | undefined
  /** As many calls that fail as open the circuit. */
  fail(): void
  /** A call by `execute` that nobody answers. */
  call(): void
}

interface Lived {
  readonly many?: boolean
  readonly recorder?: Partial<RecorderOptions>
  /** The recorder joins when the script says so. */
  readonly joins?: boolean
}

let lenders = 0

/** What was decided about the calls of a script while it was recorded, and is decided when that is played. */
function lived(config: BreakerConfig, script: (lender: Lender, record: () => void) => void, options: Lived = {}) {
  const { many = false, recorder: asked = {}, joins = false } = options
  const clock = haltingClock()
  // Those of other tests stop when they have time.
  const name = `lender ${++lenders}`
  clock.step(1000.25)
  const file = join(folder(), "lent.ndjson")
  const record = () => {
    recorder = startRecorder({ file, clock, breakers: (each) => each === name, redact: (text) => text, ...asked })
  }
  let recorder: ReturnType<typeof startRecorder> | undefined
  if (!joins) record()
  const group = many ? createBreakers({ max: 10, config: () => config }, { clock }) : undefined
  const breaker = group?.get(name) ?? createBreaker(name, config, { clock })
  const told: string[] = []
  const hearing = group ?? breaker
  hearing.on("transition", (move) => told.push(`${clock.wallNow()}: ${move.from} → ${move.to}: ${moveWords(move)}`))
  const decided: string[] = []
  const take: Lender["take"] = (given) => {
    const ticket = breaker.acquire(given)
    decided.push(ticket.admitted ? (ticket.probe ? "probe" : "ordinary") : "refused")
    return ticket.admitted ? ticket : undefined
  }
  const fail = () => {
    for (let call = 0; call < 40; call++) take()?.settle("failure")
  }
  const call = () => void breaker.tryExecute(() => new Promise(() => {}))
  script({ clock, take, fail, call }, record)
  const { calls } = breaker.metrics()
  recorder?.stop()
  void (group ?? breaker).stop({ grace: 0 })
  const recording = readRecording(file, readFileSync(file))
  const played = play(recording)
  const moved = played.moments.flatMap(({ kind, wall, words }) => (kind === "moved" ? [`${wall}: ${words}`] : []))
  const counted = played.breakers[0]?.calls
  return { file, recording, played, told, moved, decided, calls, counted }
}

/** The replay decides alike, moves at the same times for the same reasons, and has counted the same. */
function expectAlike({ played, told, moved, calls, counted }: ReturnType<typeof lived>) {
  const { agreed, decisions, firstDifference } = played
  expect({ agreed, firstDifference }).toEqual({ agreed: decisions, firstDifference: undefined })
  expect(moved).toEqual(told)
  expect(calls).toMatchObject({ ...counted })
}

const probes = { lease: "3 seconds", needed: 2 } as const
const basic = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "2 seconds", probes },
} as const satisfies BreakerConfig
const gradual = { strategy: { type: "gradual", probes: { lease: "3 seconds" } } } as const satisfies BreakerConfig

const configs: readonly (readonly [string, BreakerConfig])[] = [
  ["basic", basic],
  ["basic whose calls may take longer than a lease", { ...basic, timeout: "20 seconds" }],
  ["basic without a timeout", { ...basic, timeout: false }],
  ["gradual", gradual],
  ["gradual whose calls may take longer than a lease", { ...gradual, timeout: "20 seconds" }],
  ["gradual with its own lease", {}],
]

const scripts: readonly (readonly [string, (lender: Lender) => void])[] = [
  [
    "permits that are forgotten, for a while of their own or for the usual one",
    ({ take, clock }) => {
      take({ lease: "300 millis" })
      take({ lease: 0.1234567 })
      take()
      take({ lease: 0 })
      clock.step(70_000)
      take()?.settle("success")
    },
  ],
  [
    "a permit that comes back after its lease",
    ({ take, clock }) => {
      const permit = take({ lease: "300 millis" })
      clock.step(400)
      expect(permit?.settle("failure")).toBe(false)
      take()?.settle("success")
    },
  ],
  [
    "probes that are forgotten",
    ({ take, fail, clock }) => {
      fail()
      for (let step = 0; step < 400; step++) {
        clock.step(100)
        take({ lease: "1 minute" })
      }
    },
  ],
  [
    "probes that are lent for less than the strategy lends them",
    ({ take, fail, clock }) => {
      fail()
      for (let step = 0; step < 400; step++) {
        clock.step(100)
        take({ lease: "50 millis" })
      }
    },
  ],
  [
    "probes that come back in time, and too late",
    ({ take, fail, clock }) => {
      fail()
      for (let round = 0; round < 12; round++) {
        clock.step(4000)
        const late = take()
        clock.step(round % 3 === 0 ? 3500 : 500)
        late?.settle("success")
        take()?.settle("success")
      }
    },
  ],
  [
    "a permit that was lent before the circuit opened",
    ({ take, fail, clock }) => {
      take({ lease: "5 seconds" })
      fail()
      clock.step(2500)
      take()
      clock.step(10_000)
      take()?.settle("success")
      take()
    },
  ],
]

describe.each(configs)("%s", (_name, config) => {
  test.each(scripts)("%s: each call is decided as it was decided then", (_what, script) => {
    const one = lived(config, script)
    expectAlike(one)
    expect(one.recording.lines.length).toBeGreaterThan(2)
  })
})

const lease = fc.constantFrom<AcquireOptions>(
  {},
  { lease: 0 },
  { lease: 0.7 },
  { lease: "300 millis" },
  { lease: "4 seconds" },
)
const end = fc.constantFrom<OutcomeKind>("success", "success", "failure", "failure", "timedOut", "ignored")
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("take" as const), lease }) },
  // Whoever settles may come after the lease; who is never drawn settles never.
  { weight: 6, arbitrary: fc.record({ type: fc.constant("settle" as const), which: fc.nat(), end }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("call" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fail" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("step" as const), ms: fc.constantFrom(0, 1, 100, 300, 2500) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom("halt" as const, "sleep" as const),
      ms: fc.integer({ min: 0, max: 4000 }),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const scriptOf = (steps: readonly Step[]) => (lender: Lender) => {
  const { clock, take, call, fail } = lender
  const out: Permit[] = []
  for (const one of steps) {
    if (one.type === "take") {
      const permit = take(one.lease)
      if (permit !== undefined) out.push(permit)
    } else if (one.type === "settle") out[one.which % Math.max(1, out.length)]?.settle(one.end)
    else if (one.type === "call") call()
    else if (one.type === "fail") fail()
    else clock[one.type](one.ms)
  }
}

const limited: readonly (readonly [string, BreakerConfig])[] = [["a limit", { ...gradual, priority: { limit: 3 } }]]
const apart: readonly (readonly [string, BreakerConfig])[] = [
  ["endpoints", { ...basic, discovery: { endpoints: ["a", "b"] } }],
]

describe.each([
  ...[...configs, ...limited, ...apart].map(([what, config]) => [what, "alone", config] as const),
  ...[...configs, ...limited].map(([what, config]) => [what, "one of many", config] as const),
])("%s, %s", (_what, who, config) => {
  test("is played as it was, whatever is lent, for however long, and comes back in time, late or never", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        expectAlike(lived(config, scriptOf(steps), { many: who !== "alone" }))
      }),
      { numRuns: 25 },
    )
  })
})

test("a call is known to be lent when its number begins anew, and at the first of a line", () => {
  const reel = new Reel(
    () => {},
    () => expect.fail("two calls fill no reel"),
  )
  reel.serial = numberMask - 1
  reel.prepare(5)
  for (const leaseMs of [300, 0.1234567]) {
    reel.enter(5, codes.entered, 1)
    reel.add(leaseMs, codes.until, 1, 1)
  }
  const line: CallsLine = JSON.parse(`${reel.take().join("")}}`)
  const told = [...happenings({ lines: [line] } as never)].map((one) => ({ ...one, facts: undefined }))
  expect(told).toMatchObject([
    { type: "entered", serial: numberMask },
    { type: "lent", b: 1, at: 5, serial: numberMask, leaseMs: 300 },
    { type: "entered", serial: 0 },
    { type: "lent", b: 1, at: 5, serial: 0, leaseMs: 0.1234567 },
  ])
})

test("each part of a longer recording says of its own calls for how long they are lent", () => {
  const { file } = lived(
    basic,
    ({ take, clock }) => {
      for (let call = 0; call < 12_000; call++) {
        const permit = take({ lease: 40 })
        if (call % 3 === 0) permit?.settle("success")
        clock.step(1.5)
      }
    },
    { recorder: { maxBytes: 2 ** 16, files: 30 } },
  )
  const paths = [file, ...Array.from({ length: 29 }, (_, age) => `${file}.${age + 1}`)].filter((path) =>
    existsSync(path),
  )
  const parts = paths.map((path) => readRecording(path, readFileSync(path)))
  expect(parts.length).toBeGreaterThan(3)
  const lent = parts.flatMap((part) => [...happenings(part)].filter(({ type }) => type === "lent"))
  expect(lent.length).toBe(12_000)
  for (const { agreed, decisions } of parts.map((part) => play(part))) expect(agreed).toBe(decisions)
})

test("of what was lent before the recording began the replay knows nothing, and takes its end for nobody's", () => {
  const script = (lender: Lender, record: () => void) => {
    lender.take({ lease: "3 seconds" })
    lender.clock.step(1000)
    record()
    lender.take({ lease: "1 second" })
    lender.clock.step(5000)
    lender.take()?.settle("success")
  }
  const { played, counted } = lived(basic, script, { joins: true })
  expect([played.agreed, played.decisions, played.breakers[0]?.isWhole]).toEqual([2, 2, false])
  expect(counted).toMatchObject({ admitted: 2, ignored: 1, success: 1 })
})

/** As a version wrote it that did not say which calls were lent. */
const before = [
  '{"t":"recloser","format":2,"library":"0.1.0","startedAt":1700000001000.25,"part":1,"crc":"cad10f93"}',
  '{"t":"breaker","b":3,"name":"lender","at":1000.25,"wall":1700000001000.25,"seed":7,"parts":[{"key":"basic","settings":{"window":{"type":"consecutive","failures":3,"maxAge":300000},"openFor":{"base":2000,"step":0,"factor":1,"max":2000,"jitter":0,"memory":60000,"longestAsked":300000},"probes":{"atOnce":1,"lease":3000,"needed":2}}},{"key":"metrics","settings":{}},{"key":"priority","settings":{"limit":{"min":1,"max":100000,"initial":20},"reserve":{"critical":0,"high":0,"normal":0,"low":0},"queue":{"max":1000,"deadline":1000},"tenants":{"quota":0.25},"pressure":{"pressed":0.9,"saturated":0.98}}}],"crc":"6a173445"}',
  '{"t":"calls","from":1000250000,"serial":0,"bytes":"DwMAAA==","crc":"bf76bf81"}',
  '{"t":"calls","from":1300250000,"serial":1,"bytes":"DwMIAAcAAICI3r4BBAA=","crc":"e3e90156"}',
  '{"t":"end","at":1700000001400.25,"why":"stopped","crc":"16abef6c"}',
]

test("a recording of the format before is played as it was then: a permit ends when its end was recorded", () => {
  const { agreed, decisions, breakers } = play(readRecording("before.ndjson", Buffer.from(`${before.join("\n")}\n`)))
  expect([agreed, decisions]).toEqual([2, 2])
  expect(breakers[0]?.calls).toMatchObject({ admitted: 2, ignored: 1, success: 1 })
})

describe("what if", () => {
  const dealt = (one: ReturnType<typeof lived>, config: BreakerConfig) => {
    const [compared] = whatIf(one.recording, config)
    if (compared === undefined) throw new Error("nothing was compared")
    return compared
  }

  // Another config is played on timers that come a nanosecond late: no call comes at the instant of one.
  const down = ({ take, clock }: Lender) => {
    for (let call = 0; call < 5; call++) {
      take()?.settle("failure")
      clock.step(1.3)
    }
  }

  test.each<readonly [string, "1 minute" | "50 millis", (probe: number) => OutcomeKind | undefined]>([
    ["forgotten", "1 minute", () => undefined],
    ["forgotten, and lent for less than the strategy lends them", "50 millis", () => undefined],
    ["ignored", "1 minute", () => "ignored"],
    ["good now and then, and forgotten", "1 minute", (probe) => (probe % 3 > 0 ? "success" : undefined)],
  ])("the same config had been in force: it decides alike on probes that are %s", (_what, lease, endOf) => {
    for (const [name, config] of configs.slice(0, 3)) {
      const one = lived(config, (lender) => {
        down(lender)
        let probes = 0
        for (let step = 0; step < 300; step++) {
          lender.clock.step(97.3)
          const permit = lender.take({ lease })
          const end = permit?.probe ? endOf(probes++) : "success"
          lender.clock.step(3.1)
          if (end !== undefined) permit?.settle(end)
        }
      })
      const { recorded, other } = dealt(one, config)
      const told = ({ moves }: typeof other) => moves.map(({ afterMs, to }) => `${to} at ${Math.round(afterMs)}`)
      expect([name, told(other)]).toEqual([name, told(recorded)])
      expect([other.sent, other.refused]).toEqual([recorded.sent, recorded.refused])
    }
  })

  test("probes had been lent for less: the strategy waits no longer than that", () => {
    const one = lived(basic, (lender) => {
      const { take, clock } = lender
      down(lender)
      clock.step(2500)
      take({ lease: "1 minute" })
      clock.step(1000)
      take()
    })
    const shorter = { ...basic, strategy: { ...basic.strategy, probes: { ...probes, lease: "500 millis" } } } as const
    expect(dealt(one, basic).other.moves.map(({ to }) => to)).toEqual(["open", "halfOpen"])
    expect(dealt(one, shorter).other.moves.map(({ to }) => to)).toEqual(["open", "halfOpen", "open"])
  })

  test("calls were given less time: nobody times out what is lent", () => {
    const one = lived(basic, ({ take, clock }) => {
      for (let call = 0; call < 5; call++) {
        const permit = take()
        clock.step(3000)
        permit?.settle("success")
      }
    })
    expect(dealt(one, { ...basic, timeout: "1 second" }).other).toMatchObject({ sent: 5, succeeded: 5, failed: 0 })
  })

  test("there had been a slot for one: what is lent does not wait", () => {
    const one = lived(basic, ({ take, clock }) => {
      const permits = [take(), take()]
      clock.step(100)
      for (const permit of permits) permit?.settle("success")
    })
    const narrow = { ...basic, priority: { limit: 1, queue: { deadline: "1 minute" } } } as const
    expect(dealt(one, narrow).other).toMatchObject({ sent: 1, refused: 1 })
  })
})
