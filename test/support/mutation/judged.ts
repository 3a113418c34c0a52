/** Mutants that live because they change nothing that anybody could notice, and why. */

export interface Judged {
  readonly path: string
  /** The line in which the mutant begins, as it stands in the file, without its indentation. */
  readonly line: string
  /** What stands there, and what was put in its place. */
  readonly mutants: readonly (readonly [from: string, to: string])[]
  readonly why: string
}

export const judged: readonly Judged[] = [
  {
    path: "machines/vocabulary/cohort.ts",
    line: "if (!bad && at - startedAt > evidence.longestMs) evidence.longestMs = at - startedAt",
    mutants: [["at - startedAt > evidence.longestMs", "at - startedAt >= evidence.longestMs"]],
    why: "what is as long as the longest takes its place with the same number",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: "if (!bad && evidence.score === 0) {",
    mutants: [
      ["!bad && evidence.score === 0", "false"],
      ["{ evidence.row = 0 evidence.rowSlow = 0 return undefined }", "{}"],
    ],
    why: "the ordinary call's short way: the whole way adds a negative step to nothing, and restarts an excursion that is none",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: "const isNormal = evidence.usual > usualPart * evidence.accepted && evidence.calls >= 100",
    mutants: [["evidence.usual > usualPart * evidence.accepted", "evidence.usual >= usualPart * evidence.accepted"]],
    why: "two learned fractions that both move with every outcome: that they are equal to the last bit is no case of its own",
  },
  {
    path: "machines/vocabulary/evidence.ts",
    line: 'return evidence.relief > reliefAt || isNormal ? "relief" : undefined',
    mutants: [["evidence.relief > reliefAt", "evidence.relief >= reliefAt"]],
    why: "a sum of logarithms that is 12 to the last bit is no case of its own",
  },
  {
    path: "machines/vocabulary/verdict.ts",
    line: "export const dies = (bad: number, good: number, pending: number): boolean => deathOf(bad, good, pending) >= certainty",
    mutants: [["deathOf(bad, good, pending) >= certainty", "deathOf(bad, good, pending) > certainty"]],
    why: "of whole numbers of calls no sum of these logarithms is 3.2",
  },
  {
    path: "src/data-plane/rates.ts",
    line: "this.#lone = first?.limit.keys === undefined && others.length === 0 ? first : undefined",
    mutants: [["first?.limit.keys === undefined && others.length === 0", "false"]],
    why: "the short way of a lone limit: the whole way over all limits comes to the same, and costs more",
  },
  {
    path: "src/data-plane/rates.ts",
    line: "return lone === undefined ? this.#allLet(tickOf(now)) : lone.lets(tickOf(now))",
    mutants: [["lone === undefined", "true"]],
    why: "the short way of a lone limit: the whole way over all limits comes to the same, and costs more",
  },
  {
    path: "src/data-plane/rates.ts",
    line: "if (lone === undefined) this.take(one, now)",
    mutants: [["lone === undefined", "true"]],
    why: "the short way of a lone limit: the whole way over all limits comes to the same, and costs more",
  },
  {
    path: "src/data-plane/retryBudget.ts",
    line: "if (line !== this.#line) this.#bound(line)",
    mutants: [["line !== this.#line", "true"]],
    why: "the bounds of the same line are worked out again, and are the same",
  },
  {
    path: "src/data-plane/streaks.ts",
    line: "isOne = true",
    mutants: [["true", "false"]],
    why: "the first call of a row sets it, and nobody asks before",
  },
  {
    path: "src/data-plane/streaks.ts",
    line: 'of = ""',
    mutants: [['""', '"Stryker was here!"']],
    why: "the first call of a row sets it, and nobody asks before",
  },
  {
    path: "src/data-plane/streaks.ts",
    line: 'readonly #good: string[] = Array.from({ length: remembered }, () => "")',
    mutants: [["{ length: remembered }", "{}"]],
    why: "the array grows to its length as successes come; it is made whole so that it keeps its shape",
  },
  {
    path: "src/data-plane/timerHeap.ts",
    line: "(one.durationMs > other.durationMs || (one.durationMs === other.durationMs && one.serial < other.serial)))",
    mutants: [["one.serial < other.serial", "one.serial <= other.serial"]],
    why: "no two lists have one serial number",
  },
  {
    path: "src/data-plane/window.ts",
    line: "if (index > this.#newest) this.#advance(index)",
    mutants: [["index > this.#newest", "index >= this.#newest"]],
    why: "to advance to the slice where one is clears nothing, and moves nothing",
  },
  {
    path: "machines/vocabulary/rate.ts",
    line: "debt === 0 || tick <= at ? debt : Math.max(0, debt - (tick - at) * perTick)",
    mutants: [
      ["debt === 0", "false"],
      ["tick <= at", "tick < at"],
    ],
    why: "the short way: of no debt, and in no time, nothing is paid off the whole way either",
  },
  {
    path: "machines/vocabulary/rate.ts",
    line: "const [perTick, perPart] = ticks / whole <= largest ? [given / whole, ticks / whole] : below(given, ticks, largest)",
    mutants: [["ticks / whole <= largest", "ticks / whole < largest"]],
    why: "a fraction that just may be is its own best fraction below",
  },
  {
    path: "machines/vocabulary/rate.ts",
    line: "while (d > 0) {",
    mutants: [["d > 0", "d >= 0"]],
    why: "it is asked only for fractions whose denominator is above the largest, and breaks before it has found them",
  },
  {
    path: "machines/vocabulary/rate.ts",
    line: "const steps = by[1] === 0 ? wanted : Math.min(wanted, Math.floor((largest - moved[1]) / by[1]))",
    mutants: [["by[1] === 0", "false"]],
    why: "what is divided by nothing is infinite, and bounds nothing",
  },
  {
    path: "machines/tripping.ts",
    line: "if (circuit === undefined || !circuits.includes(circuit)) return undefined",
    mutants: [["circuit === undefined", "false"]],
    why: "what is undefined is none of the circuits: it is said for the compiler",
  },
  {
    path: "machines/strategies/basic.ts",
    line: 'savedHalfOpen: ({ event }) => ["halfOpen", "ramping"].includes(savedOf(event)?.circuit ?? ""),',
    mutants: [['""', '"Stryker was here!"']],
    why: "neither is one of the circuits that are looked for",
  },
  {
    path: "machines/strategies/basic.ts",
    line: 'savedClosed: ({ event }) => ["closed", "degraded"].includes(savedOf(event)?.circuit ?? ""),',
    mutants: [['""', '"Stryker was here!"']],
    why: "neither is one of the circuits that are looked for",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: 'savedProbing: ({ event }) => ["halfOpen", "ramping"].includes(savedOf(event)?.circuit ?? ""),',
    mutants: [['""', '"Stryker was here!"']],
    why: "neither is one of the circuits that are looked for",
  },
  {
    path: "src/data-plane/overdue.ts",
    line: "this.#earlier = earlier === undefined || earlier.count > 0 ? earlier : earlier.#earlier",
    mutants: [
      ["earlier === undefined || earlier.count > 0", "true"],
      ["earlier.count > 0", "earlier.count >= 0"],
    ],
    why: "a watch that has nothing left to say answers as the one before it: leaving it out only keeps the chain short",
  },
  {
    path: "src/data-plane/overdue.ts",
    line: "while (this.#waiting > 0 && this.#passesAt(this.#passed + 1) <= now) this.#news += this.#pass()",
    mutants: [
      ["this.#waiting > 0", "true"],
      ["this.#waiting > 0", "this.#waiting >= 0"],
    ],
    why: "empty buckets are passed one by one instead of in one step: slower after a silence, and the same",
  },
  {
    path: "src/data-plane/overdue.ts",
    line: "while (calls === 0 && this.#waiting > 0 && this.#passesAt(this.#passed + 1) <= now) calls = this.#pass()",
    mutants: [
      ["this.#waiting > 0", "true"],
      ["this.#waiting > 0", "this.#waiting >= 0"],
    ],
    why: "empty buckets are passed one by one instead of in one step: slower after a silence, and the same",
  },
  {
    path: "src/data-plane/overdue.ts",
    line: "if (calls === 0) this.#skip(now)",
    mutants: [
      ["calls === 0", "false"],
      ["calls === 0", "calls !== 0"],
      ["this.#skip(now)", ";"],
    ],
    why: "a silence that is not skipped now is skipped when the next call enters",
  },
  {
    path: "src/data-plane/overdue.ts",
    line: "if (this.#waiting === 0) this.#passed = Math.max(this.#passed, this.#bucketOf(now - this.#lineMs) - 2)",
    mutants: [
      ["this.#waiting === 0", "true"],
      ["this.#bucketOf(now - this.#lineMs) - 2", "this.#bucketOf(now - this.#lineMs) + 2"],
    ],
    why: "buckets up to there have been passed when it is asked, and calls enter a whole line later",
  },
  {
    path: "src/data-plane/shelf.ts",
    line: "return cost === 1 ? this.#one : unitsOf(this.limit.rate, cost)",
    mutants: [["cost === 1", "false"]],
    why: "the short way of a call that costs one: the units of one are the same worked out again",
  },
  {
    path: "src/data-plane/shelf.ts",
    line: "restore({ ms, keys = [] }: Owed, elapsedMs: number, tick: number): void {",
    mutants: [["[]", '["Stryker was here"]']],
    why: "a text that is no pair of a key and a number is not more than the time that has passed, and is left alone",
  },
  {
    path: "src/data-plane/keyedBuckets.ts",
    line: "if (before?.hash === hash || before?.hash === 0) return before",
    mutants: [["before?.hash === 0", "false"]],
    why: "a copy of the bucket of several takes its place, with the same debt",
  },
  {
    path: "src/data-plane/keyedBuckets.ts",
    line: "const before = this.#shared.size === 0 ? undefined : this.#shared.get(this.#placeOf(key))",
    mutants: [["this.#shared.size === 0", "false"]],
    why: "the short way where nothing is shared: the key is not hashed to find that out",
  },
  {
    path: "src/data-plane/baseline.ts",
    line: "if (calls === 0) return 0",
    mutants: [["calls === 0", "false"]],
    why: "of no calls every share is multiplied by one, and nothing is learned",
  },
  {
    path: "src/data-plane/baseline.ts",
    line: "return this.#noise <= 2 * this.usually",
    mutants: [["this.#noise <= 2 * this.usually", "this.#noise < 2 * this.usually"]],
    why: "two learned fractions: that they are equal to the last bit is no case of its own",
  },
  {
    path: "machines/strategies/basic.ts",
    line: "types: {",
    mutants: [
      [
        "{ context: {} as BasicContext, events: {} as Signal, input: {} as PlugInput<BasicSettings>, meta: {} as StateMeta<BasicContext>, }",
        "{}",
      ],
    ],
    why: "said for the compiler: XState reads nothing of it when it runs",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: "types: {",
    mutants: [
      [
        "{ context: {} as GradualContext, events: {} as Signal, input: {} as PlugInput<GradualSettings>, meta: {} as StateMeta<GradualContext>, }",
        "{}",
      ],
    ],
    why: "said for the compiler: XState reads nothing of it when it runs",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: 'gone: ({ context, event }) => event.type === "alarm.rang" && isGone(event, context.settings),',
    mutants: [['event.type === "alarm.rang"', "true"]],
    why: "its transitions take no other event: it is said for the compiler",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: 'partial: ({ event }) => event.type === "alarm.rang" && isPartial(event),',
    mutants: [['event.type === "alarm.rang"', "true"]],
    why: "its transitions take no other event: it is said for the compiler",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: 'mayTry: ({ context, event }) => event.type === "alarm.rang" && canPay(context, event),',
    mutants: [['event.type === "alarm.rang"', "true"]],
    why: "its transitions take no other event: it is said for the compiler",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: 'lateAtLowest: ({ event }) => event.type === "alarm.rang" && isLate(event) && isTrouble(event.statistics),',
    mutants: [['event.type === "alarm.rang"', "true"]],
    why: "its transitions take no other event: it is said for the compiler",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: 'stepBad: ({ event }) => event.type === "alarm.rang" && isRule(event, "cohort") && isTrouble(event.statistics),',
    mutants: [['event.type === "alarm.rang"', "true"]],
    why: "its transitions take no other event: it is said for the compiler",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: "newLine: ({ context, event }) => learntLine(context, event) !== context.slowAfterMs,",
    mutants: [["learntLine(context, event) !== context.slowAfterMs", "true"]],
    why: "the line that it has is noted again",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: '"slice.closed": { guard: "newLine", actions: "noteLine" },',
    mutants: [['"newLine"', '""']],
    why: "the line that it has is noted again",
  },
  {
    path: "machines/strategies/gradual.ts",
    line: '{ guard: "helped", target: "#gradual.ramping", actions: ["noteHelped", "beginRamp", "blame"] },',
    mutants: [['"blame"', '""']],
    why: "a trial that helped leaves less than 0.45 to blame, and 0.6 of that is below the 0.3 that stands anyway",
  },
  {
    path: "machines/judging.ts",
    line: "const isNear = present !== undefined && asked < 1.25 * present && asked > 0.8 * present",
    mutants: [["present !== undefined", "true"]],
    why: "nothing is less than a part of what is undefined: it is said for the compiler",
  },
  {
    path: "src/data-plane/wheel.ts",
    line: "timer.due = last !== undefined && last.due > now + list.durationMs ? last.due : now + list.durationMs",
    mutants: [["last.due > now + list.durationMs", "last.due >= now + list.durationMs"]],
    why: "where both are the same it is the same which is taken",
  },
  {
    path: "src/data-plane/wheel.ts",
    line: "if (this.#turning) return",
    mutants: [["this.#turning", "false"]],
    why: "it is asked twice on the way to a turn, and either question alone keeps a timer from turning the wheel",
  },
  {
    path: "machines/slowness.ts",
    line: "const isSlower = isSteady && asked > slowAfterMs && tookMs <= muchSlower * slowAfterMs",
    mutants: [["asked > slowAfterMs", "asked >= slowAfterMs"]],
    why: "what is asked for and is the line already makes the same line",
  },
  {
    path: "machines/vocabulary/rate.ts",
    line: "if (steps < wanted) break",
    mutants: [["steps < wanted", "false"]],
    why: "once a step has no room below the largest denominator, none of those after it has: they add nothing",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "this.bulkhead?.enterOrdinary(receipt, now)",
    mutants: [["this.bulkhead?.enterOrdinary", "this.bulkhead.enterOrdinary"]],
    why: "it is called only where there are slots: it is said for the compiler",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "if (gate.lines.slots !== undefined) this.bulkhead ??= new Bulkhead(this.#wheel)",
    mutants: [["gate.lines.slots !== undefined", "true"]],
    why: "a bulkhead without slots is off and holds up nobody: it is made only where there are some, for its weight",
  },
  {
    path: "src/data-plane/admission.ts",
    line: 'if (spent !== undefined && typeof judged !== "string" && judged.unsent) {',
    mutants: [
      ['typeof judged !== "string"', "true"],
      ['"string"', '""'],
    ],
    why: "of a text nothing is unsent: it is said for the compiler",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "this.rates?.giveBack(spent, receipt.startedAt, now)",
    mutants: [["this.rates?.giveBack", "this.rates.giveBack"]],
    why: "what was spent was spent of rates, which are kept: it is said for the compiler",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "if (receipt.slot > 0) this.bulkhead?.leave(receipt, kindOf(judged), now)",
    mutants: [["this.bulkhead?.leave", "this.bulkhead.leave"]],
    why: "who holds a slot has it of a bulkhead, which is kept: it is said for the compiler",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "if (!this.isParted) return receipt.tests",
    mutants: [["!this.isParted", "false"]],
    why: "the short way where there are neither cells nor endpoints: the whole way asks neither and says the same",
  },
  {
    path: "src/data-plane/admission.ts",
    line: 'else this.endpoints?.enter(receipt, rankOf(facts.priority) > rankOf("normal"), now, (facts as FurtherFacts).tried)',
    mutants: [['"normal"', '""']],
    why: "what is no class ranks as a normal call does",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "const bound = facts.feature === undefined ? undefined : this.features?.look(facts.feature)",
    mutants: [["facts.feature === undefined", "false"]],
    why: "nothing is held back under no name: the short way of a call without a feature",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "if (floor > 0 && rankOf(facts.priority) < floor) return this.#refusals.byFloor(now)",
    mutants: [
      ["floor > 0", "true"],
      ["floor > 0", "floor >= 0"],
    ],
    why: "no rank is below nothing: the short way where there is no floor",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "return refusal !== undefined && this.bulkhead?.miss(facts, now) ? undefined : refusal",
    mutants: [["this.bulkhead?.miss", "this.bulkhead.miss"]],
    why: "who was refused for want of a slot was refused by a bulkhead: it is said for the compiler",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "if (this.endpoints !== undefined) this.route(receipt, facts, now)",
    mutants: [["this.endpoints !== undefined", "true"]],
    why: "where there are none nothing is handed out on the way either",
  },
  {
    path: "src/data-plane/admission.ts",
    line: 'if (refusal.layer === "cell" && key !== undefined) this.cells?.refuse(key, now)',
    mutants: [
      ["key !== undefined", "true"],
      ["this.cells?.refuse", "this.cells.refuse"],
    ],
    why: "only cells refuse at their layer, and only calls with a key: it is said for the compiler",
  },
  {
    path: "src/data-plane/admission.ts",
    line: 'if (refusal.layer === "feature" && feature !== undefined) this.features?.refuse(feature)',
    mutants: [
      ["feature !== undefined", "true"],
      ["this.features?.refuse", "this.features.refuse"],
    ],
    why: "only features refuse at their layer, and only calls with one: it is said for the compiler",
  },
  {
    path: "src/data-plane/lateness.ts",
    line: "#isWatched = false",
    mutants: [["false", "true"]],
    why: "a gate says whether anybody watches before the first call enters",
  },
  {
    path: "machines/vocabulary/rejection.ts",
    line: 'const own = template(breaker, gate, holding(gate, "slots"), false)',
    mutants: [["false", "true"]],
    why: "what a template says of probes is its layer and its reason, and both are said anew",
  },
  {
    path: "machines/vocabulary/rejection.ts",
    line: 'const own = template(breaker, gate, holding(gate, "queue"), false)',
    mutants: [["false", "true"]],
    why: "what a template says of probes is its layer and its reason, and both are said anew",
  },
  {
    path: "machines/vocabulary/rejection.ts",
    line: "...template(breaker, gate, limit.tightened ? holders : [], false),",
    mutants: [
      ["false", "true"],
      ["[]", '["Stryker was here"]'],
    ],
    why: "what a template says of probes is its layer and its reason, and both are said anew; a text has neither a since nor statistics, as nobody has",
  },
  {
    path: "machines/vocabulary/rejection.ts",
    line: 'return { ...template(breaker, gate, holders, false), layer: "feature", reason, retryAt }',
    mutants: [["false", "true"]],
    why: "what a template says of probes is its layer and its reason, and both are said anew",
  },
  {
    path: "machines/vocabulary/window.ts",
    line: "return { ...window, calls, failures, slow, chunks: chunk > 0 ? chunks.slice(chunk) : chunks, skip }",
    mutants: [
      ["chunk > 0", "true"],
      ["chunk > 0", "chunk >= 0"],
    ],
    why: "the short way where no chunk is gone: the list of all of them is copied, and is the same",
  },
  {
    path: "src/data-plane/admission.ts",
    line: "if (facts === noFacts) this.endpoints?.enter(receipt, false, now)",
    mutants: [["facts === noFacts", "false"]],
    why: "the short way of a call of which nothing is said: it ranks as a normal one and has tried nothing the whole way too",
  },
  {
    path: "machines/vocabulary/baseline.ts",
    line: "const weight = passed < memoryMs / settledCalls ? passed / memoryMs : 1 / settledCalls",
    mutants: [["passed < memoryMs / settledCalls", "passed <= memoryMs / settledCalls"]],
    why: "where both are the same it is the same which is taken: 300 of 300 000 is one of a thousand",
  },
  {
    path: "machines/vocabulary/baseline.ts",
    line: "if (evidence.worst > 0) evidence.worst *= passed < burstMs ? 1 - passed / burstMs : 0",
    mutants: [
      ["evidence.worst > 0", "true"],
      ["evidence.worst > 0", "evidence.worst >= 0"],
      ["passed < burstMs", "passed <= burstMs"],
    ],
    why: "the short way where there was no burst: nothing of nothing is nothing; and of a whole hour one less one is nothing",
  },
  {
    path: "src/data-plane/shelf.ts",
    line: "if (this.#lookedAt > bucket.at) bucket.at = this.#lookedAt",
    mutants: [["this.#lookedAt > bucket.at", "this.#lookedAt >= bucket.at"]],
    why: "what is as late takes its place with the same number",
  },
  {
    path: "src/data-plane/slices.ts",
    line: "if (slice === undefined || !this.mayEnd(now)) return undefined",
    mutants: [["slice === undefined", "false"]],
    why: "no slice never ends: it is said for the compiler",
  },
  {
    path: "machines/vocabulary/quota.ts",
    line: "return remaining !== undefined && resetAfterMs !== undefined && answered * resetAfterMs > remaining * overMs",
    mutants: [
      ["remaining !== undefined && resetAfterMs !== undefined", "true"],
      [
        "remaining !== undefined && resetAfterMs !== undefined",
        "remaining !== undefined || resetAfterMs !== undefined",
      ],
      ["remaining !== undefined", "true"],
      ["resetAfterMs !== undefined", "true"],
    ],
    why: "what is unsaid makes no number, and no number is more: it is said for the compiler",
  },
  {
    path: "machines/vocabulary/recent.ts",
    line: "return faded < shortly ? 1 - faded : Math.exp(-faded)",
    mutants: [
      ["faded < shortly", "false"],
      ["faded < shortly", "faded <= shortly"],
    ],
    why: "a quicker way to the same within a millionth; laws hold it to that",
  },
  {
    path: "machines/vocabulary/recent.ts",
    line: "if (recent.recentBad === 0) return",
    mutants: [["recent.recentBad === 0", "false"]],
    why: "the short way: what is left of nothing is nothing, and of the bad ones some are slow",
  },
  {
    path: "src/data-plane/ear.ts",
    line: 'return typeof judged !== "string" && judged.quota?.exceeded === true ? "ignored" : judged',
    mutants: [
      ['typeof judged !== "string"', "true"],
      ['"string"', '""'],
    ],
    why: "a text has no quota: it is said for the compiler",
  },
  {
    path: "src/data-plane/ear.ts",
    line: "if (hearing === undefined || now - hearing.since >= this.#toldMs) {",
    mutants: [
      ["hearing === undefined || now - hearing.since >= this.#toldMs", "true"],
      ["now - hearing.since", "now + hearing.since"],
    ],
    why: "the short way of an answer that is not due: the whole way counts it and tells nothing",
  },
  {
    path: "src/data-plane/ear.ts",
    line: 'const told = this.hear("success", now)',
    mutants: [['"success"', '""']],
    why: "of an answer without a quota it does not matter how the call ended",
  },
  {
    path: "src/data-plane/ear.ts",
    line: 'return listen(hearing, typeof judged === "string" ? undefined : judged.quota, this.#toldMs, now)',
    mutants: [
      ['typeof judged === "string"', "false"],
      ['"string"', '""'],
    ],
    why: "a text has no quota: it is said for the compiler",
  },
  {
    path: "src/data-plane/flight.ts",
    line: "if (seat === row.length && this.count < seat >> 1) return this.#makeRoom(call)",
    mutants: [["seat === row.length", "true"]],
    why: "gaps are closed earlier than need be: slower, and the same",
  },
  {
    path: "src/data-plane/flight.ts",
    line: "return this.#row.slice(this.#head, this.#tail).filter((call) => call !== undefined)",
    mutants: [["this.#row.slice(this.#head, this.#tail)", "this.#row"]],
    why: "nobody sits before the first or after the last: it is quicker to look only between them",
  },
  {
    path: "src/data-plane/flight.ts",
    line: "this.#row.fill(undefined)",
    mutants: [["this.#row.fill(undefined)", ";"]],
    why: "seats behind the last are written over before they are looked at: emptied, they keep nobody in memory",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "isParted = false",
    mutants: [["false", "true"]],
    why: "its plane says it with every gate, before the meter hears of the gate",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "#epoch = -1",
    mutants: [["-1", "+1"]],
    why: "under the first gate the kind of line is new too, if there is one: it begins an epoch either way",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "#isRow = false",
    mutants: [["false", "true"]],
    why: "each gate says it anew, and without one nothing is counted",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "#armedAt = -never",
    mutants: [["-never", "+never"]],
    why: "each gate arms it anew, and without one nothing rings",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "if (this.#sequence !== undefined && this.#evidence !== undefined) enter(this.#evidence, this.#sequence, startedAt)",
    mutants: [["this.#evidence !== undefined", "true"]],
    why: "where there is a sequence there is evidence: it is said for the compiler",
  },
  {
    path: "src/data-plane/meter.ts",
    line: 'if (judged === "success" && !isLate) return this.#succeed(durationMs, startedAt, now)',
    mutants: [
      ['judged === "success" && !isLate', "false"],
      ['"success"', '""'],
    ],
    why: "the short way of a success that was not slow: the whole way comes to the same, as a law holds of each of its steps",
  },
  {
    path: "src/data-plane/meter.ts",
    line: 'if (typeof judged !== "string" && judged.trip) return this.#report(asked(now, this.#epoch, judged.retryAfterMs))',
    mutants: [
      ['typeof judged !== "string"', "true"],
      ['"string"', '""'],
    ],
    why: "a text asks for nothing: it is said for the compiler",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "if (wasOverdue || sequence === undefined || evidence === undefined || !accrueGood(evidence, sequence, now))",
    mutants: [
      [
        "wasOverdue || sequence === undefined || evidence === undefined || !accrueGood(evidence, sequence, now)",
        "true",
      ],
      ["evidence === undefined", "false"],
      ["evidence === undefined", "evidence !== undefined"],
    ],
    why: "the short way of a success of a service that is as usual: the whole way comes to the same, as a law holds; where there is a sequence there is evidence",
  },
  {
    path: "src/data-plane/meter.ts",
    line: 'return this.#count("success", false, wasOverdue, startedAt, now)',
    mutants: [['"success"', '""']],
    why: "what is neither a failure nor ignored counts as a success",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "if (this.slices.mayEnd(now)) this.#closeSlice(now)",
    mutants: [["this.slices.mayEnd(now)", "true"]],
    why: "the short way while a slice lasts: closing asks the same",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "if (this.#sequence !== undefined && this.#evidence !== undefined) {",
    mutants: [["this.#evidence !== undefined", "true"]],
    why: "where there is a sequence there is evidence: it is said for the compiler",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "if (entered && this.#sequence !== undefined && this.#evidence !== undefined) {",
    mutants: [
      ["this.#evidence !== undefined", "true"],
      ["this.#sequence !== undefined", "true"],
    ],
    why: "where no sequence is watched nothing has entered its cohort and nothing of it runs; where one is there is evidence",
  },
  {
    path: "src/data-plane/meter.ts",
    line: "if (rule === undefined && this.#armedAt === never && isQuiet(line, ring, overdue)) this.#armedAt = -never",
    mutants: [["rule === undefined", "true"]],
    why: "what is quiet has reached no line: it need not be weighed where one is reached",
  },
  {
    path: "src/data-plane/features.ts",
    line: "if (bound === undefined || bound.share === 0) return",
    mutants: [["bound.share === 0", "false"]],
    why: "of nothing a call earns nothing: no credit is written down",
  },
  {
    path: "src/data-plane/features.ts",
    line: "if (feature === undefined) return undefined",
    mutants: [["feature === undefined", "false"]],
    why: "no line has no name, and without one nothing is weighed or told: the short way of a call that names none",
  },
  {
    path: "src/data-plane/probeReport.ts",
    line: 'const retryAfterMs = typeof judged === "string" ? undefined : judged.retryAfterMs',
    mutants: [
      ['typeof judged === "string"', "false"],
      ['"string"', '""'],
    ],
    why: "a text asks for no wait: it is said for the compiler",
  },
  {
    path: "src/data-plane/probeReport.ts",
    line: "if (place !== undefined) admission.leases.freePlace(place)",
    mutants: [["place !== undefined", "true"]],
    why: "whoever reports a probe has seen that it has a place: it is said for the compiler",
  },
  {
    path: "src/data-plane/probeReport.ts",
    line: "if (epoch === gate.epoch && place?.expired !== true) return probeReport(receipt, judged, now, meter, isCharged)",
    mutants: [["place?.expired", "place.expired"]],
    why: "whoever reports a probe has seen that it has a place: it is said for the compiler",
  },
  {
    path: "src/data-plane/queue.ts",
    line: "if (waiter.number > 0) this.#host.tape?.gaveUp(waiter.number, now)",
    mutants: [["this.#host.tape?.gaveUp", "this.#host.tape.gaveUp"]],
    why: "who waits has a number only while there is a tape, which takes it away when it ends: it is said for the compiler",
  },
  {
    path: "src/data-plane/queue.ts",
    line: "if (number > 0) this.#host.tape?.waited(number, now)",
    mutants: [["this.#host.tape?.waited", "this.#host.tape.waited"]],
    why: "who waits has a number only while there is a tape, which takes it away when it ends: it is said for the compiler",
  },
  {
    path: "machines/vocabulary/feature.ts",
    line: "if (one.share !== other.share) return one.share < other.share ? one : other",
    mutants: [["one.share < other.share", "one.share <= other.share"]],
    why: "they have been seen to differ: neither is equal to the other",
  },
  {
    path: "machines/vocabulary/feature.ts",
    line: "if (one.retryAt !== other.retryAt) return one.retryAt > other.retryAt ? one : other",
    mutants: [["one.retryAt > other.retryAt", "one.retryAt >= other.retryAt"]],
    why: "they have been seen to differ: neither is equal to the other",
  },
  {
    path: "machines/vocabulary/feature.ts",
    line: "return one.reason <= other.reason ? one : other",
    mutants: [["one.reason <= other.reason", "one.reason < other.reason"]],
    why: "two bounds that agree in all three of their fields are the same bound, whichever is taken",
  },
  {
    path: "machines/vocabulary/feature.ts",
    line: "const isUnbounded = (bounds: FeatureBounds): boolean => bounds === unbounded || Object.keys(bounds).length === 0",
    mutants: [["bounds === unbounded", "false"]],
    why: "the short way of the constant that nearly every gate has: it has no keys either",
  },
  {
    path: "machines/vocabulary/feature.ts",
    line: "} else if (at > known.at) known.at = at",
    mutants: [["at > known.at", "at >= known.at"]],
    why: "the time that is known is noted again",
  },
  {
    path: "machines/vocabulary/feature.ts",
    line: "return rule !== undefined && othersAreWell(known, feature, record.rowSince ?? startedAt) ? rule : undefined",
    mutants: [["rule !== undefined", "true"]],
    why: "where there is no rule either branch answers undefined: it is not asked how the others are",
  },
]
