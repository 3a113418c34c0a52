/** The wheel and its host: what it asks of it, when, and what happens when the host is late. */
import { describe, expect, test } from "vitest"
import { Alarm } from "../../src/data-plane/timers.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"

/** A host that says what it is asked for, and wakes the wheel when the test has it do so. */
function hosted(start = 0) {
  const host = { now: start, wake: () => {}, asked: [] as string[] }
  const wheel = new Wheel({
    now: () => host.now,
    arm: (delayMs, wake, holds) => {
      host.asked.push(`arm ${delayMs}${holds ? " held" : ""}`)
      host.wake = wake
      return {
        disarm: () => void host.asked.push("disarm"),
        hold: (stays) => void host.asked.push(stays ? "hold" : "release"),
      }
    },
  })
  const fired: string[] = []
  const alarm = (name: string, ms: number, { holds = false, from = host.now } = {}): Alarm => {
    const timer = new Alarm((now) => void fired.push(`${name} at ${now}`))
    timer.holds = holds
    wheel.arm(timer, ms, from)
    return timer
  }
  return {
    wheel,
    alarm,
    fired: () => fired.splice(0),
    asked: () => host.asked.splice(0),
    wakeAt: (now: number) => {
      host.now = now
      host.wake()
    },
    setTo: (now: number) => {
      host.now = now
    },
  }
}

describe("the host", () => {
  test("is asked for the first end, and again only for an earlier one", () => {
    const { wheel, alarm, asked, fired, wakeAt } = hosted(1000)
    alarm("a", 50)
    alarm("b", 50)
    alarm("c", 70)
    expect(asked()).toEqual(["arm 50"])
    alarm("d", 20)
    expect([asked(), wheel.size, wheel.lengths]).toEqual([["disarm", "arm 20"], 4, 3])
    wakeAt(1020)
    expect([fired(), asked(), wheel.size, wheel.lengths]).toEqual([["d at 1020"], ["arm 30"], 3, 2])
    wakeAt(1050)
    expect([fired(), asked()]).toEqual([["a at 1050", "b at 1050"], ["arm 20"]])
    wakeAt(1070)
    expect([fired(), asked(), wheel.size, wheel.lengths]).toEqual([["c at 1070"], [], 0, 0])
  })

  test("is asked again for what remains of a list when its first has been disarmed", () => {
    const { wheel, alarm, asked, fired, wakeAt, setTo } = hosted()
    const first = alarm("first", 50)
    setTo(30)
    alarm("second", 50)
    wheel.disarm(first)
    wheel.disarm(first)
    expect([wheel.size, asked()]).toEqual([1, ["arm 50"]])
    wakeAt(50)
    expect([fired(), asked()]).toEqual([[], ["arm 30"]])
    wakeAt(80)
    expect(fired()).toEqual(["second at 80"])
  })

  test("is not late for a timer that was due before it was armed", () => {
    const { alarm, asked, fired, wakeAt } = hosted(1000)
    alarm("past", 50, { from: 100 })
    expect(asked()).toEqual(["arm 0"])
    wakeAt(1005)
    expect(fired()).toEqual(["past at 1005"])
  })

  test("is held while a timer holds, which it is told at the next arming or at once, and released 20 ms after the last", () => {
    const { wheel, alarm, asked, wakeAt, setTo, fired } = hosted()
    alarm("loose", 500)
    const one = alarm("one", 600, { holds: true })
    const two = alarm("two", 700, { holds: true })
    expect(asked()).toEqual(["arm 500", "hold"])
    wheel.disarm(one)
    expect(asked()).toEqual([])
    setTo(100)
    wheel.disarm(two)
    expect([asked(), wheel.size]).toEqual([["disarm", "arm 20 held"], 1])
    // A quick call in between costs the host no word.
    setTo(110)
    wheel.disarm(alarm("quick", 600, { holds: true }))
    expect(asked()).toEqual([])
    wakeAt(120)
    expect([asked(), fired()]).toEqual([["arm 380"], []])
    alarm("again", 600, { holds: true })
    expect(asked()).toEqual(["hold"])
  })

  test("stays held where a timer that holds was armed before the release", () => {
    const { wheel, alarm, asked, wakeAt } = hosted()
    wheel.disarm(alarm("one", 600, { holds: true }))
    expect(asked()).toEqual(["arm 600 held", "disarm", "arm 20 held"])
    alarm("two", 700, { holds: true })
    wakeAt(20)
    expect(asked()).toEqual(["arm 580 held"])
  })

  test("has no timer left when the wheel rests, and the wheel rests only when nothing is armed", () => {
    const { wheel, alarm, asked, fired, wakeAt } = hosted()
    const one = alarm("one", 600, { holds: true })
    asked()
    wheel.rest()
    expect([asked(), wheel.size]).toEqual([[], 1])
    wheel.disarm(one)
    asked()
    wheel.rest()
    expect([asked(), wheel.size, wheel.lengths]).toEqual([["disarm"], 0, 0])
    alarm("two", 600)
    expect([asked(), wheel.lengths]).toEqual([["arm 600"], 1])
    wakeAt(600)
    expect(fired()).toEqual(["two at 600"])
    wheel.rest()
    wheel.rest()
    expect(asked()).toEqual([])
  })
})

describe("a host that is late", () => {
  test("by no more than 10 ms fires what is due", () => {
    const { alarm, fired, wakeAt } = hosted()
    alarm("a", 50)
    wakeAt(60)
    expect(fired()).toEqual(["a at 60"])
  })

  test("gets as long as it was late to read what has come, and then fires", () => {
    const { alarm, fired, asked, wakeAt } = hosted()
    alarm("a", 50)
    asked()
    wakeAt(61)
    expect([fired(), asked()]).toEqual([[], ["arm 11"]])
    alarm("b", 2)
    expect(asked()).toEqual([])
    wakeAt(72)
    expect([fired(), asked()]).toEqual([["a at 72", "b at 72"], []])
  })

  test("gets 100 ms at the most", () => {
    const { alarm, asked, wakeAt } = hosted()
    alarm("a", 50)
    asked()
    wakeAt(5000)
    expect(asked()).toEqual(["arm 100"])
  })

  test("again before that is over has what was due when it was late first fired, and the rest gets its own time", () => {
    const { alarm, fired, asked, wakeAt } = hosted()
    alarm("a", 50)
    alarm("b", 400)
    asked()
    wakeAt(300)
    expect(asked()).toEqual(["arm 100"])
    wakeAt(1000)
    expect([fired(), asked()]).toEqual([["a at 1000"], ["arm 100"]])
    wakeAt(1100)
    expect([fired(), asked()]).toEqual([["b at 1100"], []])
    // That is over: late again is late for the first time.
    alarm("c", 50)
    asked()
    wakeAt(1300)
    expect([fired(), asked()]).toEqual([[], ["arm 100"]])
  })

  test("rests no longer once the wheel was turned by hand", () => {
    const { wheel, alarm, fired, asked, wakeAt } = hosted()
    alarm("a", 50)
    wakeAt(300)
    asked()
    wheel.turn(310)
    expect(fired()).toEqual(["a at 310"])
    alarm("b", 5)
    expect(asked()).toEqual(["disarm", "arm 5"])
  })
})

describe("a host that is asked for the time again and again", () => {
  const never = Number.NEGATIVE_INFINITY

  test("comes as often, and nothing is said to have happened where nothing was due", () => {
    const { wheel, alarm, fired, asked, wakeAt } = hosted()
    wheel.alarm.watch(40, 0)
    alarm("a", 100)
    wakeAt(40)
    wakeAt(80)
    expect([fired(), asked(), wheel.turns.at, wheel.turns.count]).toEqual([
      [],
      ["arm 40", "arm 40", "arm 20"],
      never,
      0,
    ])
    wakeAt(100)
    expect([fired(), wheel.turns.at]).toEqual([["a at 100"], 100])
  })

  test("and was late is so no more once it has come in time after that: late again is late for the first time", () => {
    const { wheel, alarm, fired, wakeAt } = hosted()
    wheel.alarm.watch(40, 0)
    alarm("a", 1000)
    wakeAt(240)
    // What has come meanwhile is read until 340.
    for (const now of [280, 320, 360]) wakeAt(now)
    wakeAt(1100)
    expect([fired(), wheel.turns.at, wheel.turns.by]).toEqual([[], never, never])
  })

  test("and is late for that while it rests has what was due wait until the rest is over, and no longer", () => {
    const firedAt = (...wakes: readonly number[]) => {
      const { wheel, alarm, fired, wakeAt } = hosted()
      wheel.alarm.watch(40, 0)
      alarm("a", 50)
      // It rests from 300 until 400, and looks at its clock each 40 ms.
      for (const now of [300, ...wakes]) wakeAt(now)
      return fired()
    }
    expect([firedAt(360), firedAt(399), firedAt(400), firedAt(360, 400)]).toEqual([[], [], ["a at 400"], ["a at 400"]])
  })

  test("finds nothing where the wheel was turned by hand meanwhile", () => {
    const { wheel, alarm, fired, asked, wakeAt, setTo } = hosted()
    alarm("a", 50)
    setTo(50)
    wheel.turn(50)
    expect([fired(), asked()]).toEqual([["a at 50"], ["arm 50"]])
    wakeAt(50)
    expect([fired(), asked(), wheel.turns.at]).toEqual([[], [], 50])
  })
})

describe("a turn", () => {
  test("says when it was, and up to when what was due has happened", () => {
    const { wheel, alarm, fired } = hosted()
    expect([wheel.turns.at, wheel.turns.by]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])
    const seen: number[] = []
    const spy = new Alarm(() => void seen.push(wheel.turns.by))
    wheel.arm(spy, 30, 0)
    alarm("a", 40)
    wheel.turn(100, 35)
    expect([fired(), seen, wheel.turns.at, wheel.turns.by]).toEqual([[], [30], 100, 35])
    wheel.turn(101)
    expect([fired(), wheel.turns.at, wheel.turns.by]).toEqual([["a at 101"], 101, 101])
  })
})

describe("timers of one length", () => {
  test("wait in one list, and leave it from anywhere", () => {
    const { wheel, alarm, fired, wakeAt, setTo } = hosted()
    expect(wheel.listOf(50)).toBe(wheel.listOf(50))
    alarm("first", 50)
    setTo(10)
    const middle = alarm("middle", 50)
    setTo(20)
    alarm("last", 50)
    wheel.disarm(middle)
    wakeAt(50)
    expect(fired()).toEqual(["first at 50"])
    wakeAt(70)
    expect(fired()).toEqual(["last at 70"])
  })

  test("that was kept and is forgotten comes back, unless another has taken its place", () => {
    const { wheel, wakeAt, setTo } = hosted()
    const kept = wheel.listOf(50)
    wheel.armIn(kept, new Alarm(() => {}), 0)
    wakeAt(50)
    expect(wheel.lengths).toBe(0)
    wheel.armIn(kept, new Alarm(() => {}), 50)
    expect([wheel.lengths, wheel.listOf(50)]).toEqual([1, kept])
    wakeAt(100)
    const other = wheel.listOf(50)
    expect(other).not.toBe(kept)
    setTo(110)
    wheel.armIn(other, new Alarm(() => {}), 110)
    wheel.armIn(kept, new Alarm(() => {}), 105)
    expect(wheel.listOf(50)).toBe(other)
    wakeAt(155)
    expect([wheel.listOf(50), wheel.size]).toEqual([other, 1])
  })
})

describe("lists without timers", () => {
  /** Seventy lengths, with so many timers each. */
  function seventy(each: number) {
    const one = hosted()
    const timers = Array.from({ length: 70 }, (_, at) => Array.from({ length: each }, () => one.alarm("", 10_000 + at)))
    return { ...one, timers }
  }

  test("are let go of once they are more than half", () => {
    const { wheel, timers } = seventy(2)
    for (const [first] of timers) wheel.disarm(first as Alarm)
    const lengths = timers.slice(0, 36).map(([, last]) => {
      wheel.disarm(last as Alarm)
      return wheel.lengths
    })
    expect(lengths).toEqual([...Array<number>(35).fill(70), 34])
  })

  test("that get timers again are none", () => {
    const { wheel, alarm, timers } = seventy(1)
    let [last] = timers[0] as [Alarm]
    for (let time = 0; time < 100; time++) {
      wheel.disarm(last)
      expect(wheel.lengths).toBe(70)
      last = alarm("", 10_000)
    }
  })

  test("whose end has come are none", () => {
    const { wheel, alarm, timers, wakeAt } = seventy(1)
    for (let at = 0; at < 100; at++) alarm("", 5 + at / 1000)
    wakeAt(6)
    expect(wheel.lengths).toBe(70)
    wheel.disarm(timers[0]?.[0] as Alarm)
    expect(wheel.lengths).toBe(70)
  })
})

describe("a wheel that rested", () => {
  test("holds and releases its host as before", () => {
    const { wheel, alarm, asked } = hosted()
    wheel.disarm(alarm("one", 600, { holds: true }))
    wheel.rest()
    asked()
    wheel.disarm(alarm("two", 600, { holds: true }))
    expect(asked()).toEqual(["arm 600 held", "disarm", "arm 20 held"])
  })

  test("while its host was late has what is armed then come in its time", () => {
    const { wheel, alarm, asked, wakeAt } = hosted()
    const one = alarm("one", 50)
    wakeAt(300)
    wheel.disarm(one)
    wheel.rest()
    asked()
    alarm("two", 5)
    expect(asked()).toEqual(["arm 5"])
  })
})

describe("what has happened", () => {
  test("is not taken back by a host that is late", () => {
    const { wheel, alarm, wakeAt } = hosted()
    wheel.turn(40)
    alarm("a", 50)
    wakeAt(500)
    expect([wheel.turns.at, wheel.turns.by]).toEqual([40, 40])
  })

  test("happens one after the other: a timer that turns the wheel fires nothing itself", () => {
    const { wheel, alarm, fired, wakeAt } = hosted()
    wheel.arm(new Alarm((now) => wheel.turn(now + 1000)), 10, 0)
    alarm("later", 30)
    wakeAt(15)
    expect(fired()).toEqual([])
    wakeAt(30)
    expect(fired()).toEqual(["later at 30"])
  })
})
