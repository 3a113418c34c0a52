/** Saved states in files. That they are whole whatever happens is shown by test/simulation/crash. */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { createBreaker, createBreakers, InvalidConfig, type SavedBreaker } from "recloser"
import { readSavedState, writeSavedState } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"

const folder = () => mkdtempSync(join(tmpdir(), "recloser-saved-"))

function heldOpen(why: string): SavedBreaker {
  const breaker = createBreaker("service", {}, { clock: createVirtualClock() })
  breaker.forceOpen(why)
  return breaker.save()
}

test("what is not there yet is undefined: the first start needs no other code", async () => {
  expect(await readSavedState(join(folder(), "none.json"))).toBeUndefined()
})

test("what was written is read, for one breaker and for many, and only its owner may", async () => {
  const file = join(folder(), "saved.json")
  const saved = heldOpen("maintenance")
  await writeSavedState(file, saved)
  expect(await readSavedState(file)).toEqual(saved)
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600)
  const many = createBreakers({}, { clock: createVirtualClock() })
  many.get("a").forceOpen("maintenance")
  await writeSavedState(file, many.save())
  const restore = await readSavedState<readonly SavedBreaker[]>(file)
  expect(createBreakers({}, { restore, clock: createVirtualClock() }).get("a").mode).toBe("forcedOpen")
  expect(readdirSync(join(file, ".."))).toEqual(["saved.json"])
})

test("writes that overlap follow each other, and each holds the state of its call", async () => {
  const file = join(folder(), "saved.json")
  const mutable = { ...heldOpen("first") }
  const writes = [writeSavedState(file, mutable)]
  for (let n = 0; n < 20; n++) {
    Object.assign(mutable, { why: `write ${n}` })
    writes.push(writeSavedState(file, mutable))
  }
  Object.assign(mutable, { why: "never asked for" })
  await Promise.all(writes)
  expect(await readSavedState(file)).toMatchObject({ why: "write 19" })
})

test("a write that fails leaves the file as it was, no draft, and the next write works", async () => {
  const file = join(folder(), "saved.json")
  await writeSavedState(file, heldOpen("before"))
  const before = readFileSync(file, "utf8")
  const circular: { self?: unknown } = {}
  circular.self = circular
  await expect(writeSavedState(file, circular as never)).rejects.toThrow(TypeError)
  await expect(writeSavedState(file, undefined as never)).rejects.toThrow(InvalidConfig)
  await expect(writeSavedState(join(file, "in-a-file.json"), heldOpen("x"))).rejects.toMatchObject({ code: "ENOTDIR" })
  await expect(writeSavedState(join(folder(), "none", "x.json"), heldOpen("x"))).rejects.toMatchObject({
    code: "ENOENT",
  })
  expect(readFileSync(file, "utf8")).toBe(before)
  expect(readdirSync(join(file, ".."))).toEqual(["saved.json"])
  await writeSavedState(file, heldOpen("after"))
  expect(await readSavedState(file)).toMatchObject({ why: "after" })
})

test("a file that is a link stays one: what it leads to is written, also when that is not there yet", async () => {
  const [app, data] = [folder(), folder()]
  const [link, target] = [join(app, "saved.json"), join(data, "kept.json")]
  symlinkSync(join(app, "hop.json"), link)
  symlinkSync(relative(app, target), join(app, "hop.json"))
  for (const why of ["first", "second"]) {
    await writeSavedState(link, heldOpen(why))
    expect(JSON.parse(readFileSync(target, "utf8"))).toMatchObject({ why })
    expect(await readSavedState(link)).toMatchObject({ why })
  }
  expect(lstatSync(link).isSymbolicLink() && lstatSync(join(app, "hop.json")).isSymbolicLink()).toBe(true)
  expect([readdirSync(app).sort(), readdirSync(data)]).toEqual([["hop.json", "saved.json"], ["kept.json"]])
  symlinkSync("loop.json", join(app, "loop.json"))
  await expect(writeSavedState(join(app, "loop.json"), heldOpen("x"))).rejects.toMatchObject({ code: "ELOOP" })
})

test("a rename that fails leaves no draft behind", async () => {
  const at = folder()
  // A folder stands where the file should: the draft is written, and cannot take its place.
  const taken = join(at, "taken")
  mkdtempSync(`${taken}-`)
  const dir = readdirSync(at)[0] as string
  writeFileSync(join(at, dir, "full"), "")
  await expect(writeSavedState(join(at, dir), heldOpen("x"))).rejects.toThrow()
  expect(readdirSync(at)).toEqual([dir])
})

test("drafts of writers that were killed are removed, those that may still be written are not, and nothing else is", async () => {
  const at = folder()
  const file = join(at, "saved.json")
  const [old, young, others] = ["saved.json.0123456789ab.tmp", "saved.json.ba9876543210.tmp", "saved.json.backup.tmp"]
  for (const name of [old, young, others]) writeFileSync(join(at, name), "{")
  for (const name of [old, others]) utimesSync(join(at, name), 1, 1)
  await writeSavedState(file, heldOpen("x"))
  expect(readdirSync(at).sort()).toEqual([others, young, "saved.json"].sort())
})

test("a file that holds something else is refused by its name, and one that cannot be read by the host's own error", async () => {
  const at = folder()
  const file = join(at, "saved.json")
  writeFileSync(file, '{"format":1,')
  const refused = await readSavedState(file).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(InvalidConfig)
  expect(String(refused)).toContain(file)
  writeFileSync(file, "[".repeat(1_000_000))
  await expect(readSavedState(file)).rejects.toThrow("nested deeper than 64 levels")
  await expect(readSavedState(at)).rejects.toMatchObject({ code: "EISDIR" })
  chmodSync(file, 0o600)
})

test.each([undefined, "", 7, null])("the file %j is refused", async (file) => {
  await expect(writeSavedState(file as never, heldOpen("x"))).rejects.toThrow(InvalidConfig)
  await expect(readSavedState(file as never)).rejects.toThrow(InvalidConfig)
})

test("of an operator's reason no more is taken back than one may give on the page", async () => {
  const saved = heldOpen("x".repeat(100_000))
  const breaker = createBreaker(saved.breaker, {}, { restore: saved })
  const { mode, why } = breaker.save()
  expect([mode, why]).toEqual(["forcedOpen", "x".repeat(300)])
  expect(breaker.wouldReject()?.reason.length).toBeLessThan(400)
  await breaker.stop()
})
