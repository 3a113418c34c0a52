/** Lists of timers by their next end, held against a list that is sorted anew at each step. */

import { describe, expect, test } from "vitest"
import { TimerHeap } from "../../src/data-plane/timerHeap.ts"
import { Timer, TimerList } from "../../src/data-plane/timers.ts"
import fc from "../support/property.ts"

const step = fc.oneof(
  fc.record({
    kind: fc.constant("push" as const),
    at: fc.integer({ min: 0, max: 9 }),
    durationMs: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant("drop" as const), at: fc.constant(0), durationMs: fc.constant(0) }),
  fc.record({ kind: fc.constant("defer" as const), at: fc.integer({ min: 0, max: 5 }), durationMs: fc.constant(0) }),
)

test("the first list is the one that ends first, of those that end together the one of the longest timers, and of those the one that came first", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const heap = new TimerHeap()
      const lists: { list: TimerList; at: number; came: number }[] = []
      const first = () =>
        [...lists].sort(
          (one, other) => one.at - other.at || other.list.durationMs - one.list.durationMs || one.came - other.came,
        )[0]
      for (const [came, { kind, at, durationMs }] of steps.entries()) {
        const next = first()
        if (kind === "push") {
          const list = new TimerList(durationMs)
          heap.push(list, at)
          lists.push({ list, at, came })
        } else if (next !== undefined && kind === "drop") {
          heap.dropFirst()
          lists.splice(lists.indexOf(next), 1)
          expect(next.list.queued).toBe(false)
        } else if (next !== undefined) {
          next.at += at
          heap.deferFirst(next.list, next.at)
        }
        expect(heap.first).toBe(first()?.list)
      }
      expect(lists.every(({ list, at }) => list.queued && list.wakeAt === at)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

describe("lists whose timers are all gone", () => {
  class Silent extends Timer {
    fire(): void {}
  }
  /** So many lists, each second one without a timer. */
  function heapOf(count: number) {
    const heap = new TimerHeap()
    const lists = Array.from({ length: count }, (_, at) => {
      const list = new TimerList(at)
      if (at % 2 === 1) list.first = new Silent()
      heap.push(list, count - at)
      return list
    })
    return { heap, lists }
  }

  test("are looked for once they are more than half of more than 64", () => {
    const { heap } = heapOf(65)
    const asked = Array.from({ length: 33 }, () => heap.hollowed())
    expect(asked.map((asks, at) => (asks ? at : -1)).filter((at) => at >= 0)).toEqual([32])
    heap.filled()
    heap.filled()
    expect([heap.hollowed(), heap.hollowed()]).toEqual([false, true])
    // Half of them is not more than half.
    const even = heapOf(66).heap
    expect(Array.from({ length: 34 }, () => even.hollowed()).indexOf(true)).toBe(33)
    const few = heapOf(64).heap
    expect(Array.from({ length: 64 }, () => few.hollowed())).not.toContain(true)
  })

  test("are let go of, and the rest stay in their order", () => {
    const { heap, lists } = heapOf(70)
    for (let hollow = 0; hollow < 36; hollow++) heap.hollowed()
    expect(new Set(heap.prune())).toEqual(new Set(lists.filter((_, at) => at % 2 === 0)))
    expect(lists.map(({ queued }) => queued)).toEqual(lists.map((_, at) => at % 2 === 1))
    // They are counted anew.
    expect(heap.hollowed()).toBe(false)
    const order: (number | undefined)[] = []
    for (; heap.first !== undefined; heap.dropFirst()) order.push(heap.first.durationMs)
    expect(order).toEqual(lists.flatMap((_, at) => (at % 2 === 1 ? [at] : [])).reverse())
  })

  test("and all others are gone when the heap is cleared", () => {
    const { heap, lists } = heapOf(70)
    for (let hollow = 0; hollow < 36; hollow++) heap.hollowed()
    heap.clear()
    expect([heap.first, lists.some(({ queued }) => queued)]).toEqual([undefined, false])
    for (const list of lists) heap.push(list, 1)
    expect(heap.hollowed()).toBe(false)
    // All of them end together: the longest was armed first.
    expect(heap.first).toBe(lists[69])
  })
})
