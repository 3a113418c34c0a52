/** `expectPath`: the way that a breaker, or a machine, went. */
import { createBreaker, InvalidConfig } from "recloser"
import { createVirtualClock, expectPath, scriptedBackend } from "recloser/testing"
import { expect, test } from "vitest"
import { createActor, createMachine } from "xstate"

function stage() {
  const clock = createVirtualClock()
  const backend = scriptedBackend(clock, "down 5 s")
  const breaker = createBreaker("search", { strategy: { type: "basic", openFor: "5 seconds" } }, { clock })
  const fail = async () => {
    for (let call = 0; call < 20; call++) await breaker.tryExecute(backend.call)
  }
  return { clock, breaker, fail }
}

test("expectPath resolves where the breaker goes that way, from where it stood", async () => {
  const { clock, breaker, fail } = stage()
  await expectPath(breaker, "closed → open -> halfOpen", async () => {
    await fail()
    await clock.advance("5 seconds")
  })
  await expectPath(breaker, "halfOpen → open", () => breaker.forceOpen("test"))
  await expectPath(breaker, "open", () => breaker.forceOpen("test"))
})

test("expectPath says where it went instead", async () => {
  const one = stage()
  await expect(expectPath(one.breaker, "closed → open → halfOpen", one.fail)).rejects.toThrow(
    "expected closed → open → halfOpen, but it went closed → open: at step 2 it was to go to halfOpen, and stayed there",
  )
  const other = stage()
  await expect(expectPath(other.breaker, "closed", other.fail)).rejects.toThrow(
    "at step 1 it was to stay there, and went to open",
  )
})

test("expectPath passes on what the driving throws, and listens no longer", async () => {
  const { breaker } = stage()
  const slip = new Error("a slip")
  await expect(expectPath(breaker, "closed → open", () => Promise.reject(slip))).rejects.toBe(slip)
})

test("expectPath follows machines of the user's, too", async () => {
  const light = createMachine({
    initial: "red",
    states: { red: { on: { go: "green" } }, green: { on: { stop: "red" } } },
  })
  const actor = createActor(light).start()
  await expectPath(actor, "red → green → red", () => {
    actor.send({ type: "go" })
    actor.send({ type: "nothing" })
    actor.send({ type: "stop" })
  })
  await expect(expectPath(actor, "red → green", () => {})).rejects.toThrow(
    "at step 1 it was to go to green, and stayed there",
  )
})

test.each(["", "closed →", 5])("expectPath refuses the path %j", async (path) => {
  const { breaker } = stage()
  await expect(expectPath(breaker, path as string, () => {})).rejects.toThrow(InvalidConfig)
})
