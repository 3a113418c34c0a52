import { describe, expect, test } from "vitest"
import { withoutSecrets } from "../../../src/observability/redaction/secrets.ts"
import fc from "../../support/property.ts"

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
    // What people's passwords are made of, unescaped.
    ["postgres§anna:pa?ss@db.example/shop", "postgres§db.example/shop"],
    ["postgres§anna:pa#ss@db.example:5432", "postgres§db.example:5432"],
    ["postgres§anna:pa\\ss@db.example/shop", "postgres§db.example/shop"],
    ["postgres§anna:a§b@db.example/shop", "postgres§db.example/shop"],
    ["postgres§anna:a,b§c@db.example/shop", "postgres§db.example/shop"],
    ["postgres§anna:1:2/3@db.example/shop", "postgres§db.example/shop"],
    ["postgres§anna:123456/7@db.example/shop", "postgres§db.example/shop"],
    ["http§one.example:80,http§a:b@two.example", "http§one.example:80,http§two.example"],
    // Another address in the query is a part of the query.
    ["https§a.example/?next=https§b.example/&token=abc", "https§a.example/?…"],
    ["/login?token=abc&next=https§b.example/", "/login?…"],
    ["anna:a@b@10.0.0.7", "10.0.0.7"],
    ["anna:hunter2@tcp(db.example:3306)/shop", "tcp(db.example:3306)/shop"],
    // What was shown once is shown again as it is.
    ["x§u:p@h:redis§a:b@c:1/@", "x§"],
  ])("%s", (text, shown) => {
    expect(withoutSecrets(real(text))).toBe(real(shown))
  })

  test.each([
    "https§api.example:8443/@scope/name",
    "http§[::1]:80/",
    "41 of 60 calls failed: is it down?",
    "#0123456789ab is open",
    "someone@example.com",
    // Keys of callers: none of them leads anywhere.
    "acme:alice@example.com",
    "tenant:acme:alice@example.com",
    '{"breaker":"acme:alice@example.com","key":"eu:bob@example.com"}',
    "nginx:1.27@sha256:9f86d081884c7d65",
    "git@github.com:anna/shop",
    "http§localhost:PORT/health",
    "what? a=b",
    "a/b#c?d=e",
  ])("%s: is left as it is", (text) => {
    expect(withoutSecrets(real(text))).toBe(real(text))
  })

  test("never holds the password or the query, whatever they are made of", () => {
    const letters = (more: string) => fc.constantFrom(...":@,;='()!$&*+~%-._ab", ...more)
    const secret = (more: string) => fc.string({ unit: letters(more), minLength: 1, maxLength: 30 })
    const shownOf = (password: string, token: string) =>
      withoutSecrets(real(`503 from https§u:SECRET${password}@host.example:80/p?k=SECRET${token} again`))
    fc.assert(
      fc.property(secret(""), secret(""), (password, token) => {
        const shown = shownOf(password, token)
        expect(shown).not.toContain("SECRET")
        expect(shown).toContain("host.example:80/p?… again")
      }),
      { seed: 20261129 },
    )
    fc.assert(
      fc.property(secret("|/?#\\[]{}^"), secret("/?#\\[]{}^|"), (password, token) => {
        expect(shownOf(password, token)).not.toContain("SECRET")
      }),
      { seed: 20261129, numRuns: 1000 },
    )
  })

  /** A login, as the grammar of addresses has it; quotes, blanks and brackets must be escaped there, and end it. */
  const login = /:\/\/[^\s"<>`/?#]*@/
  const anything = fc.string({
    unit: fc.oneof(
      fc.constantFrom(..."ab1.:/@?#,;|(=)[]\\\"' \n§é-+_&%{}"),
      fc.constantFrom("§", "https§", "x§u:p@h", "redis§a:b@c:1/", '{"k":"', '"}'),
    ),
    maxLength: 60,
  })

  test("holds no login after a scheme, in whatever text it stood, and is shown again as it is", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const shown = withoutSecrets(real(text))
        expect(shown).not.toMatch(login)
        expect(withoutSecrets(shown)).toBe(shown)
      }),
      { seed: 20261129, numRuns: 5000 },
    )
  })

  test("stays JSON where it was JSON, of the same fields, without any login", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), (texts) => {
        const shown = JSON.parse(withoutSecrets(JSON.stringify(texts.map((text) => ({ text: real(text) })))))
        expect(shown.map(Object.keys)).toEqual(texts.map(() => ["text"]))
        for (const { text } of shown) expect(text).not.toMatch(login)
      }),
      { seed: 20261129, numRuns: 5000 },
    )
  })

  test("leaves every key as it is that holds no scheme, no port and no query", () => {
    const part = fc.string({ unit: fc.constantFrom(..."abcxyz0189._-+é"), minLength: 1, maxLength: 12 })
    const key = fc
      .tuple(part, fc.constantFrom(":", "/", "|", "::"), part, part)
      .map(([tenant, mark, name, host]) => `${tenant}${mark}${name}@${host}.example`)
    fc.assert(
      fc.property(key, (text) => {
        expect(withoutSecrets(text)).toBe(text)
      }),
      { seed: 20261129, numRuns: 2000 },
    )
  })

  test("takes a time that grows with the text alone", () => {
    for (const part of [
      "a:",
      "@",
      "?",
      "a§",
      "a.",
      "x@y:",
      ",a§@",
      "a§b:c",
      "a§b:c/",
      ".",
      "\\",
      "a§[",
      "(a",
      "a:@(",
    ]) {
      const text = `a@${real(part).repeat(100_000)}:x`
      expect(withoutSecrets(text).length).toBeLessThanOrEqual(text.length)
    }
  })
})
