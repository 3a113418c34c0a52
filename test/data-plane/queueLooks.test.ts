/** What the queue does while nobody ends or comes: it looks, makes room, and lets go of what nobody waits for any more. */
import { describe, expect, test } from "vitest"
import { barePlane } from "../support/barePlane.ts"
import { gateWith, isIn, layerOf, NotedWaiter, type SlotOptions, slotted } from "../support/slots.ts"

const ruleOf = ({ answer }: NotedWaiter) => (answer?.admitted === false ? answer.rule : undefined)
const enteredAt = ({ answer }: NotedWaiter) => (answer?.admitted ? answer.startedAt : undefined)

/** A limit that is learned, and that has heard of one quick call: nothing speaks against more, and it is not blind. */
function learned(options: Omit<SlotOptions, "limit"> = {}) {
  const all = slotted({ limit: 1000, least: 1, first: 1, adaptive: true, waitMs: 100, ...options })
  const quick = all.call()
  all.clock.step(10)
  all.end(quick)
  const limit = () => all.plane.admission.bulkhead?.limit(all.clock.now())
  return { ...all, limit }
}

/** Five of ten slots are kept for critical calls that come no more: time alone gives them back. */
function fading(waitMs = 3_600_000) {
  const all = slotted({ limit: 10, reserve: [0, 0, 0, 0, 0.5], waitMs })
  for (const one of Array.from({ length: 5 }, () => all.call({ priority: "critical" }))) all.end(one)
  return all
}

describe("while calls wait", () => {
  test("it is looked four times a second whether they must, and not once more when nobody waits", () => {
    const { clock, wheel, call } = fading()
    const calls = Array.from({ length: 9 }, () => call())
    expect([calls.filter(isIn).length, wheel.size]).toEqual([5, 5])
    clock.step(90_000)
    // What they have needed at once halves in ten seconds: from 5 to 3.05 in 7.13 s, to 2.05 in 12.9, to 1.05 in 22.5, to 0.05 in 66.4.
    expect(calls.slice(5).map(enteredAt)).toEqual([7250, 13_000, 22_750, 66_500])
    expect(wheel.size).toBe(0)
  })

  test("a quarter of a second is counted from when the first of them came, however many come after", () => {
    const { clock, plane, call } = slotted({ limit: 1, waitMs: 60_000 })
    let looks = 0
    const count = () => 1
    const none = () => {}
    const turn = () => void looks++
    plane.record({
      entered: count,
      lent: none,
      waits: count,
      waited: none,
      gaveUp: none,
      turn,
      refused: none,
      settled: none,
    })
    for (let calls = 0; calls < 2; calls++) call()
    clock.step(100)
    call()
    clock.step(149)
    expect(looks).toBe(0)
    clock.step(1)
    expect(looks).toBe(1)
    clock.step(250)
    expect(looks).toBe(2)
  })

  test("nothing is armed any more when the last one is let in, gives up, or has waited too long", () => {
    for (const end of ["let in", "gave up", "waited"] as const) {
      const { clock, plane, wheel, call, end: over } = slotted({ limit: 1, waitMs: 100 })
      const running = call()
      const waiting = call()
      expect(wheel.size).toBe(2)
      if (end === "let in") over(running)
      else if (end === "gave up") plane.queue.giveUp(waiting)
      else clock.step(100)
      expect([end, wheel.size, layerOf(waiting)]).toEqual([
        end,
        0,
        end === "let in" ? undefined : end === "gave up" ? "waits" : "queue",
      ])
    }
  })

  test("nothing is armed any more when the breaker stops, also where a gate has come that they were to be asked about", () => {
    const { clock, plane, wheel, call } = slotted({ limit: 1 })
    call()
    const waiting = call()
    plane.swap(gateWith({ limit: 1 }, plane.gate))
    expect(wheel.size).toBe(3)
    plane.stop()
    expect([wheel.size, ruleOf(waiting)]).toEqual([0, "waited"])
    clock.step(1000)
  })

  test("a limit that hears of no end for half a second gives way, and lets in as many as that makes room for", () => {
    const { clock, call, limit } = learned({ waitMs: 60_000 })
    const calls = Array.from({ length: 9 }, () => call())
    clock.step(499)
    expect([calls.filter(isIn).length, limit()]).toEqual([1, 1])
    clock.step(1)
    expect([calls.filter(isIn).length, limit()]).toEqual([2, 2])
    clock.step(500)
    expect([calls.filter(isIn).length, limit()]).toEqual([4, 4])
  })

  test("a limit does not give way for those to whom time alone has given a slot", () => {
    const { clock, plane, call, limit } = learned({ waitMs: 60_000, first: 2 })
    const [first, held] = [call(), call()]
    if (first.answer?.admitted) plane.settleAt(first.answer, "timedOut", clock.now())
    const waiting = call()
    expect([isIn(held), isIn(waiting), limit()]).toEqual([true, false, 1])
    clock.step(3000)
    expect([isIn(waiting), limit()]).toEqual([true, 2])
  })
})

test("while calls end it is they that let others in: it is not looked for room for half a second after one", () => {
  const { clock, plane, call } = learned({ waitMs: 60_000, first: 2 })
  const [first] = [call(), call()]
  if (first?.answer?.admitted) plane.settleAt(first.answer, "timedOut", clock.now())
  const waiting = call()
  // What it has left behind is over in some tens of milliseconds; it is looked at 260, and at 510.
  clock.step(499)
  expect(layerOf(waiting)).toBe("waits")
  clock.step(1)
  expect(enteredAt(waiting)).toBe(510)
})

describe("a line that is full", () => {
  test("makes room where nothing speaks against more calls at once: whoever waits and whoever comes are let in", () => {
    const { call, limit } = learned({ queue: 1 })
    const calls = [call(), call()]
    expect([calls.map(isIn), limit()]).toEqual([[true, false], 1])
    const third = call()
    expect([calls.map(isIn), layerOf(third), limit()]).toEqual([[true, true], "waits", 2])
    const fourth = call()
    expect([isIn(third), isIn(fourth), limit()]).toEqual([true, true, 4])
  })

  test("that has room for one more makes none", () => {
    const { call, limit } = learned({ queue: 2 })
    const calls = [call(), call(), call()]
    expect([calls.map(isIn), limit()]).toEqual([[true, false, false], 1])
  })

  test("turns away who matters least, and says which it was: there was no room, or somebody mattered more", () => {
    const { call } = slotted({ limit: 1, queue: 1 })
    call()
    const low = call({ priority: "low" })
    const bulk = call({ priority: "bulk" })
    const high = call({ priority: "high" })
    expect([low, bulk, high].map(ruleOf)).toEqual(["gaveWay", "full", undefined])
  })

  test("turns away whom a new gate leaves no place, and says that it is full", () => {
    const { clock, plane, call } = slotted({ limit: 1, queue: 3 })
    call()
    const waiting = [call(), call({ priority: "bulk" }), call()]
    plane.swap(gateWith({ limit: 1, queue: 1 }, plane.gate))
    clock.step(0)
    expect(waiting.map(ruleOf)).toEqual(["full", "full", undefined])
    expect(layerOf(waiting[2] as NotedWaiter)).toBe("waits")
  })

  test("does not ask those who wait in the midst of what others do: whoever comes before they are asked only joins them", () => {
    const { clock, plane, call } = slotted({ limit: 1 })
    call()
    const waiting = call()
    plane.swap(gateWith({ limit: 3 }, plane.gate))
    const last = call()
    expect([waiting, last].map(layerOf)).toEqual(["waits", "waits"])
    clock.step(0)
    expect([waiting, last].map(isIn)).toEqual([true, true])
  })
})

describe("one that has waited as long as may be", () => {
  test("is let in where nothing speaks against more calls at once", () => {
    const { clock, call, limit } = learned()
    call()
    const waiting = call()
    clock.step(99)
    expect([layerOf(waiting), limit()]).toEqual(["waits", 1])
    clock.step(1)
    expect([isIn(waiting), limit()]).toEqual([true, 2])
  })

  test("is refused when its caller's own time is over: no room is made for an answer that nobody reads", () => {
    const { clock, call, limit } = learned()
    call()
    const waiting = call({}, 50)
    clock.step(50)
    expect([ruleOf(waiting), limit()]).toEqual(["waited", 1])
  })

  test("is refused if it came when it made no sense to wait for long: no room is made", () => {
    const { clock, call, limit } = learned({ waitMs: 200 })
    call()
    // For as long as one may wait somebody of its class has: whoever comes now is told soon, and nothing is doubled for him.
    const patient = call()
    clock.step(150)
    const [other, newest] = [call(), call()]
    clock.step(50)
    expect([patient, other, newest].map(layerOf)).toEqual(["queue", "waits", undefined])
    expect(limit()).toBe(2)
    const hurried = call()
    expect([layerOf(hurried), hurried.isHurried]).toEqual(["waits", true])
    clock.step(39)
    expect(layerOf(hurried)).toBe("waits")
    clock.step(1)
    expect([ruleOf(hurried), limit()]).toEqual(["waited", 2])
  })

  test("is let in if time alone has made a slot free since it was looked", () => {
    const { clock, call } = fading(7200)
    const last = Array.from({ length: 6 }, () => call()).at(-1) as NotedWaiter
    clock.step(7199)
    expect(layerOf(last)).toBe("waits")
    clock.step(1)
    expect(enteredAt(last)).toBe(7200)
  })

  test("waits on where calls have grown so long meanwhile that it may", () => {
    const { clock, call, end, limit } = learned({ first: 2 })
    const [long, held] = [call(), call()]
    clock.step(950)
    const [first, second] = [call(), call()]
    end(long)
    clock.step(99)
    expect([isIn(first), isIn(held), layerOf(second), limit()]).toEqual([true, true, "waits", 2])
    // One call of 950 ms beside one of 10 makes 57 on average, and nobody waits twice that before he has waited a hundred.
    clock.step(14)
    expect([layerOf(second), limit()]).toEqual(["waits", 2])
    clock.step(1)
    expect([isIn(second), limit()]).toEqual([true, 4])
  })
})

test("where no gate has ever had slots nobody waits: whoever would is not held, and nothing is left of him", () => {
  const { plane } = barePlane()
  const waiter = new NotedWaiter({}, 0, 1000)
  const { queue } = plane
  queue.hold(waiter, 0)
  expect(queue.size).toBe(0)
  expect(queue.giveUp(waiter)).toBe(false)
  queue.waitedTooLong(waiter, 0)
  queue.letIn(0)
  queue.beginTape()
  plane.stop()
  expect([waiter.answer, waiter.list]).toEqual([undefined, undefined])
})
