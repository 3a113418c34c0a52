/** Actor logic that runs an Effect or a Stream. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { fromEffect, fromStream } from "recloser/effect"
import { describe, expect, test } from "vitest"
import { assign, createActor, setup, toPromise, waitFor } from "xstate"
import { deferred } from "../support/breakers.ts"

const boom = new Error("boom")

/** An effect or stream that never ends, and what becomes of it. */
function endless() {
  const [started, interrupted] = [deferred<void>(), deferred<void>()]
  const effect = Effect.onInterrupt(
    Effect.andThen(
      Effect.sync(() => started.resolve()),
      Effect.never,
    ),
    () => Effect.sync(() => interrupted.resolve()),
  )
  return { effect, started: started.promise, interrupted: interrupted.promise }
}

const errorsOf = (actor: { subscribe(observer: { error: (error: unknown) => void }): unknown }) =>
  new Promise((resolve) => actor.subscribe({ error: resolve }))

describe("fromEffect", () => {
  test("gives the effect its input, and its value as output", async () => {
    const double = fromEffect(({ input }: { input: number }) => Effect.succeed(input * 2))
    expect(await toPromise(createActor(double, { input: 21 }).start())).toBe(42)
  })

  test.each([
    ["a failure", () => Effect.fail(boom)],
    ["a defect", () => Effect.die(boom)],
    [
      "a maker that throws",
      () => {
        throw boom
      },
    ],
  ])("turns %s into the actor's error", async (_what, make: () => Effect.Effect<never, Error>) => {
    const actor = createActor(fromEffect(make))
    const error = errorsOf(actor)
    actor.start()
    expect(await error).toBe(boom)
    expect(actor.getSnapshot().status).toBe("error")
  })

  test("is interrupted when the actor stops", async () => {
    const { effect, started, interrupted } = endless()
    const actor = createActor(fromEffect(() => effect)).start()
    await started
    actor.stop()
    await interrupted
    expect(actor.getSnapshot().status).toBe("stopped")
  })

  test("is interrupted when the state that invoked it is left", async () => {
    const { effect, started, interrupted } = endless()
    const machine = setup({ actors: { work: fromEffect(() => effect) } }).createMachine({
      initial: "working",
      states: { working: { invoke: { src: "work" }, on: { leave: "gone" } }, gone: {} },
    })
    const actor = createActor(machine).start()
    await started
    actor.send({ type: "leave" })
    await interrupted
    expect(actor.getSnapshot().value).toBe("gone")
  })
})

describe("fromStream", () => {
  test("has the last element as context and is done at the end", async () => {
    const seen: unknown[] = []
    const actor = createActor(fromStream(() => Stream.make(1, 2, 3)))
    actor.subscribe(({ context }) => seen.push(context))
    actor.start()
    const done = await waitFor(actor, ({ status }) => status === "done")
    expect(done.context).toBe(3)
    expect(seen.filter((value) => value !== undefined)).toEqual([1, 2, 3, 3])
  })

  test("tells its elements to the machine that invokes it", async () => {
    const numbers = fromStream(({ input }: { input: number }) => Stream.range(1, input))
    const machine = setup({ types: { context: {} as { sum: number } }, actors: { numbers } }).createMachine({
      context: { sum: 0 },
      initial: "summing",
      states: {
        summing: {
          invoke: {
            src: "numbers",
            input: 4,
            onSnapshot: {
              actions: assign(({ context, event }) => ({
                sum: context.sum + (event.snapshot.status === "active" ? (event.snapshot.context ?? 0) : 0),
              })),
            },
            onDone: "summed",
          },
        },
        summed: { type: "final" },
      },
    })
    const actor = createActor(machine).start()
    await waitFor(actor, ({ status }) => status === "done")
    expect(actor.getSnapshot().context.sum).toBe(10)
  })

  test("turns the stream's failure into the actor's error, after its elements", async () => {
    const actor = createActor(fromStream(() => Stream.concat(Stream.make(1), Stream.fail(boom))))
    const seen: unknown[] = []
    const error = new Promise((resolve) =>
      actor.subscribe({ next: ({ context }) => seen.push(context), error: resolve }),
    )
    actor.start()
    expect(await error).toBe(boom)
    expect(seen).toContain(1)
  })

  test("that interrupts itself ends in an error, as an effect does: nothing more would ever come of it", async () => {
    const [stream, effect] = [fromStream(() => Stream.fromEffect(Effect.interrupt)), fromEffect(() => Effect.interrupt)]
    for (const logic of [stream, effect]) {
      const actor = createActor(logic)
      const error = errorsOf(actor)
      actor.start()
      expect(await error).toBeInstanceOf(Error)
      expect(actor.getSnapshot().status).toBe("error")
    }
  })

  test("is interrupted when the actor stops, and tells nothing more", async () => {
    const { effect, started, interrupted } = endless()
    const actor = createActor(fromStream(() => Stream.fromEffect(effect))).start()
    const ends: unknown[] = []
    actor.subscribe({ error: (error) => ends.push(error) })
    await started
    actor.stop()
    await interrupted
    expect(ends).toEqual([])
  })
})
