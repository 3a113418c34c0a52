/** What stands in for exponentials on every call is what they are. */
import { expect, test } from "vitest"
import { faded, Powers } from "../../src/data-plane/endpoints/fading.ts"

test("a memory fades as e^-x, to 1e-8, near nothing and beyond, and never grows", () => {
  let before = 1
  for (let x = 0; x <= 1; x += 1 / 4096) {
    expect(Math.abs(faded(x) - Math.exp(-x)), `x = ${x}`).toBeLessThan(1e-8)
    expect(faded(x), `x = ${x}`).toBeLessThanOrEqual(before)
    before = faded(x)
  }
})

test("powers are the same whether they are known or worked out", () => {
  const powers = new Powers(63 / 64, 4)
  for (const power of [0, 1, 3, 4, 5, 300]) expect(powers.of(power)).toBe((63 / 64) ** power)
})
