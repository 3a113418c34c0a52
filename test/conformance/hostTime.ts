/**
 * The host's time, faked over a virtual clock: Date, performance.now and timers. Libraries that read them as they are shipped
 * then live in virtual time. Ready promises run between timers, and the wall clock can be set back while timers go on, which
 * the fake timers of node:test cannot do: theirs fire by the faked Date.
 */
import type { VirtualClock } from "../../src/testing/index.ts"

type Run = (...given: unknown[]) => void

class FakeTimer {
  #disarm: () => void
  constructor(arm: (timer: FakeTimer) => () => void) {
    this.#disarm = () => {}
    this.#disarm = arm(this)
  }
  rearmed(disarm: () => void): void {
    this.#disarm = disarm
  }
  clear(): void {
    this.#disarm()
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return false
  }
}

/** As the host has it: nothing is sooner than a millisecond. */
const atLeastOne = (ms: number | undefined): number => Math.max(1, ms ?? 1)

function fakeTimers(clock: VirtualClock) {
  const after = (ms: number, run: () => void) => {
    const timer = clock.arm(ms, run, false)
    return () => timer.disarm()
  }
  const clear = (timer: unknown) => {
    if (timer instanceof FakeTimer) timer.clear()
  }
  return {
    setTimeout: (run: Run, ms?: number, ...given: unknown[]) =>
      new FakeTimer(() => after(atLeastOne(ms), () => run(...given))),
    setInterval: (run: Run, ms?: number, ...given: unknown[]) =>
      new FakeTimer((timer) => {
        const again = (): (() => void) =>
          after(atLeastOne(ms), () => {
            timer.rearmed(again())
            run(...given)
          })
        return again()
      }),
    clearTimeout: clear,
    clearInterval: clear,
  }
}

function fakeDate(clock: VirtualClock): DateConstructor {
  const Real = Date
  return class extends Real {
    constructor(...given: readonly unknown[]) {
      if (given.length === 0) super(clock.wallNow())
      else super(...(given as [number]))
    }
    static override now(): number {
      return clock.wallNow()
    }
  } as DateConstructor
}

/** Puts the host's time under the clock; answers how to give it back. */
export function fakeHost(clock: VirtualClock): () => void {
  const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] as const
  const real = names.map((name) => [name, globalThis[name]] as const)
  Object.assign(globalThis, fakeTimers(clock), { Date: fakeDate(clock) })
  Object.defineProperty(performance, "now", { configurable: true, writable: true, value: () => clock.now() })
  return () => {
    Object.assign(globalThis, Object.fromEntries(real))
    Reflect.deleteProperty(performance, "now")
  }
}
