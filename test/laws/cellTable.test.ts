import { describe, expect, test } from "vitest"
import { bucketOf, CellTable, hashOf } from "../../src/data-plane/cellTable.ts"
import fc from "../support/property.ts"

/** Few low bits, so that buckets fill; the first of them among them. */
const hash = fc.tuple(fc.nat(15), fc.nat(200)).map(([low, high]) => (high + 1) * 4096 + low)
const write = fc.record({ hash, level: fc.integer({ min: -2, max: 5 }) })
const bucketIn = (of: number, max: number) => of & (max / 8 - 1)

describe("the table of cells", () => {
  test("remembers what was written last, forgets only who was seen longest ago where there is no room, and counts exactly", () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 400 }), fc.constantFrom(64, 128, 1024), (writes, max) => {
        const table = new CellTable(max)
        const told = new Map<number, { readonly level: number; readonly seen: number }>()
        writes.forEach(({ hash: of, level }, at) => {
          table.write(table.find(of), of, level, at + 1)
          told.set(of, { level, seen: at + 1 })
          expect(table.levelAt(table.find(of))).toBe(level)
        })
        const all = [...told].map(([of, cell]) => ({ of, ...cell, place: table.find(of) }))
        const kept = all.filter(({ place }) => place >= 0)
        for (const { place, level, seen } of kept) {
          expect([table.levelAt(place), table.seenAt(place)]).toEqual([level, seen])
        }
        for (const lost of all.filter(({ place }) => place < 0)) {
          const others = kept.filter(({ of }) => bucketIn(of, max) === bucketIn(lost.of, max))
          expect(others).toHaveLength(8)
          for (const other of others) expect(other.seen).toBeGreaterThan(lost.seen)
        }
        expect(table.used).toBe(kept.length)
        expect(table.used).toBeLessThanOrEqual(max)
        expect(table.blamed).toBe(kept.filter(({ level }) => level > 0).length)
        expect(table.suspects).toBe(kept.filter(({ level }) => level >= 3).length)
      }),
      { numRuns: 40, endOnFailure: true },
    )
  })

  test("takes thousands of keys without losing one while they are fewer than half its places", () => {
    const table = new CellTable(4096)
    const hashes = Array.from({ length: 1500 }, (_, index) => hashOf(`key ${index}`, 7))
    for (const [at, of] of hashes.entries()) table.write(table.find(of), of, 1, at + 1)
    expect(hashes.filter((of) => table.find(of) < 0).length).toBeLessThanOrEqual(3)
  })

  test("spreads keys that differ little", () => {
    const hashes = new Set(Array.from({ length: 100_000 }, (_, index) => hashOf(`customer-${index}-card`, 3)))
    expect(hashes.size).toBeGreaterThan(99_990)
    const buckets = new Map<number, number>()
    for (const of of hashes) buckets.set(of & 511, (buckets.get(of & 511) ?? 0) + 1)
    expect(Math.max(...buckets.values())).toBeLessThan(300)
  })

  test("tells others no more of a key than where it falls in 4096 places", () => {
    expect([bucketOf("customer-1", 3), bucketOf("customer-1", 4) === bucketOf("customer-1", 3)]).toEqual([
      ...[hashOf("customer-1", 3) & 4095, false],
    ])
  })

  test("never gives a key the hash of an empty place", () => {
    fc.assert(fc.property(fc.string(), fc.integer(), (key, seed) => hashOf(key, seed) !== 0))
  })
})
