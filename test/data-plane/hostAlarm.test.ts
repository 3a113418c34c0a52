/** The one timer of the host: when it comes, and what it says of a host that stands still. */
import { describe, expect, test } from "vitest"
import { HostAlarm } from "../../src/data-plane/hostAlarm.ts"
import { Turns } from "../../src/data-plane/turns.ts"
import { haltingClock } from "../support/haltingClock.ts"

function alarmOf({ isPunctual = false, wakes = (_now: number) => {} } = {}) {
  const clock = haltingClock()
  const turns = new Turns()
  const came: (readonly [now: number, lateMs: number])[] = []
  const holding: boolean[] = []
  const arm: typeof clock.arm = (delayMs, wake, holds) => {
    holding.push(holds)
    const timer = clock.arm(delayMs, wake, holds)
    return { ...timer, hold: (holds) => void holding.push(holds) }
  }
  const host = { isPunctual, now: clock.now, arm }
  const alarm = new HostAlarm(host, turns, (now, lateMs) => {
    came.push([now, lateMs])
    wakes(now)
  })
  return { clock, alarm, came, holding, stalls: () => turns.stalls.after(0).map(({ at, ms }) => [at, ms]) }
}

describe("the host's timer", () => {
  test("comes at the earliest time that was asked for, once", () => {
    const { clock, alarm, came } = alarmOf()
    alarm.arm(100)
    alarm.arm(200)
    alarm.arm(50)
    expect([clock.pending, clock.nextAt]).toEqual([1, 50])
    clock.step(300)
    expect(came).toEqual([[50, 0]])
    alarm.arm(350)
    alarm.disarm()
    expect(clock.pending).toBe(0)
    alarm.arm(400)
    clock.step(100)
    expect(came).toEqual([
      [50, 0],
      [400, 0],
    ])
  })

  test("is asked for once, where it is asked for the same time twice", () => {
    const { alarm, holding } = alarmOf()
    expect(alarm.holds).toBe(false)
    alarm.arm(100)
    alarm.arm(100)
    expect(holding).toEqual([false])
  })

  test("that was due before it was armed comes at once, and not late", () => {
    const { clock, alarm, came, stalls } = alarmOf()
    clock.step(100)
    alarm.arm(20)
    clock.step(0)
    expect([came, stalls()]).toEqual([[[100, 0]], []])
  })

  test("holds the process as it was told last, and lets go of it when it is disarmed", () => {
    const { alarm, holding } = alarmOf()
    alarm.hold(true)
    alarm.arm(100)
    alarm.hold(false)
    alarm.arm(50)
    alarm.hold(true)
    expect(holding).toEqual([true, false, false, true])
    alarm.disarm()
    expect(alarm.holds).toBe(false)
  })
})

describe("while somebody watches", () => {
  test("it comes so often, as often as the most impatient wants it, and not when nobody watches any more", () => {
    const { clock, alarm } = alarmOf()
    alarm.watch(40, 0)
    expect(clock.pending).toBe(0)
    alarm.arm(1000)
    expect(clock.nextAt).toBe(40)
    alarm.watch(20, 0)
    alarm.watch(30, 0)
    expect([clock.pending, clock.nextAt]).toEqual([1, 20])
    clock.step(20)
    alarm.arm(1000)
    expect(clock.nextAt).toBe(40)
    alarm.unwatch()
    alarm.unwatch()
    clock.step(20)
    alarm.arm(1000)
    expect(clock.nextAt).toBe(60)
    alarm.unwatch()
    clock.step(20)
    alarm.arm(1000)
    expect(clock.nextAt).toBe(1000)
    alarm.watch(50, 60)
    expect(clock.nextAt).toBe(110)
  })

  test("nobody who wants it as often as another, of a time that is over, has it come earlier", () => {
    const { clock, alarm } = alarmOf()
    clock.step(100)
    alarm.arm(1000)
    alarm.watch(40, 100)
    alarm.watch(40, 0)
    expect(clock.nextAt).toBe(140)
  })

  test("a host whose timers are never late is not watched", () => {
    const { clock, alarm, stalls } = alarmOf({ isPunctual: true })
    alarm.arm(1000)
    alarm.watch(20, 0)
    expect(clock.nextAt).toBe(1000)
    clock.halt(1500)
    alarm.look(1500)
    expect(stalls()).toEqual([])
  })
})

describe("that the host stood still", () => {
  test("is known where the timer comes more than ten milliseconds late, and from when on it should have come", () => {
    const { clock, alarm, came, stalls } = alarmOf()
    alarm.arm(100)
    clock.step(90)
    clock.halt(20)
    expect([came.splice(0), stalls()]).toEqual([[[110, 10]], []])
    alarm.arm(200)
    clock.sleep(110)
    alarm.look(220)
    alarm.look(225)
    clock.halt(20)
    // What comes late is late as a whole, whoever had asked before.
    expect([came, stalls()]).toEqual([[[240, 40]], [[240, 40]]])
    expect([alarm.stoodMs(0, 240), alarm.stoodMs(220, 240), alarm.stoodMs(0, 219)]).toEqual([40, 20, 0])
  })

  test("is one stall where it goes on at once, and another where anything came in time between", () => {
    const { clock, alarm, stalls } = alarmOf()
    alarm.arm(100)
    clock.halt(150)
    alarm.arm(151)
    clock.halt(40)
    expect(stalls()).toEqual([[190, 90]])
    alarm.arm(191.5)
    clock.halt(40)
    expect(stalls()).toEqual([
      [190, 90],
      [230, 39],
    ])
    expect([alarm.stoodMs(0, 230), alarm.stoodMs(120, 230), alarm.stoodMs(200, 230)]).toEqual([129, 109, 30])
  })

  test("while it did what it was woken for is known when it is armed again, and of a host that was idle nothing is", () => {
    let busyMs = 78
    const it = alarmOf({
      wakes: () => {
        it.clock.sleep(busyMs)
        it.alarm.arm(1000)
      },
    })
    it.alarm.arm(10)
    it.clock.step(10)
    expect(it.stalls()).toEqual([[88, 78]])
    busyMs = 10
    it.clock.step(912)
    expect(it.stalls().length).toBe(1)
    const idle = alarmOf()
    idle.alarm.arm(10)
    idle.clock.step(500)
    idle.alarm.arm(1000)
    expect([idle.stalls(), idle.alarm.stoodMs(0, 500)]).toEqual([[], 0])
  })

  test("is no lasting matter where what was woken throws", () => {
    const { clock, alarm, stalls } = alarmOf({
      wakes: () => {
        throw new Error("a listener")
      },
    })
    alarm.arm(10)
    expect(() => clock.step(10)).toThrow("a listener")
    clock.step(500)
    alarm.arm(1000)
    expect(stalls()).toEqual([])
  })
})
