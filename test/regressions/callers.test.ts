/** Mistakes about what a caller gets, whatever happens inside. */
import { describe, expect, test } from "vitest"
import { Plane } from "../../src/data-plane/plane.ts"
import { expectConsistent, failing, working, world } from "../support/breakers.ts"

describe("a caller", () => {
  test("whose signal cannot be heeded leaked its permit", async () => {
    const { breaker } = world()
    const broken = {
      aborted: false,
      reason: undefined,
      addEventListener: () => {
        throw new Error("not here")
      },
      removeEventListener: () => {},
    }
    let ran = 0
    const run = breaker.tryExecute(() => ++ran, { signal: broken as unknown as AbortSignal })
    expect(await run).toMatchObject({ ok: false, error: { message: "not here" } })
    expect(ran).toBe(0)
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, ignored: 1 })
    expectConsistent(breaker)
  })

  test.each([
    ["a result", working, { ok: true, value: "up" }],
    ["an error", failing, { ok: false, error: { message: "down" } }],
  ])("stayed pending with %s when settling itself threw", async (_what, fn, end) => {
    const { breaker, troubles } = world()
    const { settleAt } = Plane.prototype
    Plane.prototype.settleAt = () => {
      throw new Error("a fault of ours")
    }
    try {
      expect(await breaker.tryExecute(fn)).toMatchObject(end)
    } finally {
      Plane.prototype.settleAt = settleAt
    }
    expect(troubles).toMatchObject([{ part: "breaker", error: { message: "a fault of ours" } }])
  })

  test.each([
    ["", 0],
    [", of a service that fails", 1],
  ])(
    "that ignores a failing call without a timeout%s heard nothing: its rejection was taken for handled",
    async (_, before) => {
      const { breaker } = world({ timeout: false })
      for (let call = 0; call < before; call++) await expect(breaker.execute(failing)).rejects.toThrow("down")
      const unhandled: unknown[] = []
      const note = (error: unknown) => unhandled.push(error)
      process.on("unhandledRejection", note)
      try {
        void breaker.execute(failing)
        await new Promise((resolve) => setImmediate(resolve))
      } finally {
        process.off("unhandledRejection", note)
      }
      expect(unhandled).toMatchObject([{ message: "down" }])
    },
  )

  test("went on before its outcome was in the books", async () => {
    const { breaker } = world({ timeout: false })
    await breaker.execute(working)
    expect(breaker.metrics().calls).toMatchObject({ success: 1, inFlight: 0 })
    await expect(breaker.execute(failing)).rejects.toThrow("down")
    await expect(breaker.execute(failing)).rejects.toThrow("down")
    expect(breaker.metrics().calls).toMatchObject({ failure: 2, inFlight: 0 })
    expect(await breaker.execute(working)).toBe(await breaker.execute(working))
    expect(breaker.metrics().calls).toMatchObject({ success: 3, inFlight: 0 })
  })
})
