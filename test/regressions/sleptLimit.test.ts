/** A learned limit where much time has passed: in which its host stood still, or before it was made. */
import { createBreaker } from "recloser"
import { expect, test } from "vitest"
import { deferred } from "../support/breakers.ts"
import { haltingClock } from "../support/haltingClock.ts"

const [workers, serviceMs, everyMs] = [20, 50, 2]

/** A service that does twenty calls at once, in 50 ms each, and is called five hundred times a second: more than it can do. */
function crowded(madeAt = 0) {
  const clock = haltingClock()
  clock.step(madeAt)
  const priority = { limit: { initial: 10, max: 1000 }, queue: { max: 300, deadline: "20 seconds" } } as const
  const breaker = createBreaker("service", { timeout: false, priority }, { clock })
  /** Calls in the service, in the order in which they came: the first of them are worked on. */
  const inside: { readonly end: () => void; doneAt: number }[] = []
  let most = 0
  const call = () =>
    void breaker.tryExecute(() => {
      const answered = deferred<void>()
      inside.push({ end: answered.resolve, doneAt: Number.POSITIVE_INFINITY })
      most = Math.max(most, inside.length)
      return answered.promise
    })
  const serve = async () => {
    for (const done of inside.filter(({ doneAt }) => doneAt <= clock.now())) {
      inside.splice(inside.indexOf(done), 1)
      done.end()
    }
    for (let turn = 0; turn < 12; turn++) await undefined
    for (const one of inside.slice(0, workers)) one.doneAt = Math.min(one.doneAt, clock.now() + serviceMs)
  }
  const goOn = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += everyMs) {
      clock.step(everyMs)
      await serve()
      call()
    }
  }
  const takeMost = () => {
    const seen = most
    most = 0
    return seen
  }
  return { clock, breaker, goOn, serve, takeMost }
}

test("a host that slept for half a minute took all calls in flight for streams, and let in at once whoever waited", async () => {
  const { clock, breaker, goOn, serve, takeMost } = crowded()
  await goOn(20_000)
  takeMost()
  await goOn(1000)
  const usual = takeMost()
  expect(usual).toBeLessThan(2 * workers)
  clock.halt(30_000)
  await serve()
  await goOn(1000)
  expect(takeMost()).toBeLessThan(2 * workers)
  void breaker.stop({ grace: 0 })
})

test("a limit of a process that was old took its first calls for few in a long time, which they were not, and made room for more", async () => {
  const admitted = async (madeAt: number) => {
    const { breaker, goOn } = crowded(madeAt)
    const seen: number[] = []
    for (let second = 0; second < 5; second++) {
      await goOn(1000)
      seen.push(breaker.metrics().calls.admitted)
    }
    void breaker.stop({ grace: 0 })
    return seen
  }
  expect(await admitted(3_600_000)).toEqual(await admitted(0))
})
