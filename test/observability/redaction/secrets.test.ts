import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { withoutSecrets } from "../../../src/observability/redaction/secrets.ts"

/** Written with § for what stands after a scheme: nothing here is anybody's address. */
const real = (text: string): string => text.replaceAll("§", "://")

describe("an address that is shown", () => {
  test.each([
    ["https§anna:hunter2@api.example:8443/pay?token=abc&x=1#part", "https§api.example:8443/pay?…"],
    ["https§anna@api.example/", "https§api.example/"],
    ["postgres§anna:a@b:c@db.example/shop", "postgres§db.example/shop"],
    ["postgres§anna:pa/ss@db.example/shop", "postgres§db.example/shop"],
    ["https§api.example/#access_token=abc", "https§api.example/#…"],
    ["https§api.example/?abc", "https§api.example/?…"],
    ["anna:hunter2@10.0.0.7:6379", "10.0.0.7:6379"],
    ["anna:hunter2@[::1]:6379", "[::1]:6379"],
    ["10.0.0.7:80/health?token=abc", "10.0.0.7:80/health?…"],
    ["GET /pay?card=4111 failed", "GET /pay?… failed"],
    ["fetch of 'https§a:b@c.example/?q=1' failed", "fetch of 'https§c.example/?… failed"],
    ["(https§a:b@c.example)", "(https§c.example)"],
    ["https§a:b@one.example,https§c:d@two.example/?k=v", "https§one.example,https§two.example/?…"],
    ['{"id":"https§a:b@c.example/?q=1","at":3}', '{"id":"https§c.example/?…","at":3}'],
  ])("%s", (text, shown) => {
    expect(withoutSecrets(real(text))).toBe(real(shown))
  })

  test.each([
    "https§api.example:8443/@scope/name",
    "http§[::1]:80/",
    "41 of 60 calls failed: is it down?",
    "#0123456789ab is open",
    "someone@example.com",
    "what? a=b",
    "a/b#c?d=e",
  ])("%s: is left as it is", (text) => {
    expect(withoutSecrets(real(text))).toBe(real(text))
  })

  test("never holds the password or the query, whatever they are made of", () => {
    const letters = [...":/@,;='()!$&*+~%-._ab"].filter((letter) => letter !== "/")
    const secret = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(secret, secret, (password, token) => {
        const shown = withoutSecrets(
          real(`503 from https§u:SECRET${password}@host.example:80/p?k=SECRET${token} again`),
        )
        expect(shown).not.toContain("SECRET")
        expect(shown).toContain("host.example:80/p?… again")
      }),
      { seed: 20261129 },
    )
  })

  test("takes a time that grows with the text alone", () => {
    for (const part of ["a:", "@", "?", "a§", "a.", "x@y:", ",a§@"]) {
      const text = real(part).repeat(100_000)
      expect(withoutSecrets(text).length).toBeLessThanOrEqual(text.length)
    }
  })
})
