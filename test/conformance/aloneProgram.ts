/** A program of its own, in the host's time: opens a circuit for an hour, then has no more to do, and stops nothing. */
import { settingsOfACase } from "./adapter.ts"
import { libraries } from "./libraries.ts"

/** The handles that keep the process alive, looked at from a turn of their own, so that looking adds the same each time. */
const handles = () =>
  new Promise<readonly string[]>((resolve) => setImmediate(() => resolve(process.getActiveResourcesInfo())))

/** What is there now and was not there before. */
async function added(before: readonly string[]): Promise<readonly string[]> {
  const known = [...before]
  return (await handles()).filter((name) => {
    const index = known.indexOf(name)
    if (index >= 0) known.splice(index, 1)
    return index < 0
  })
}

const library = libraries.find(({ key }) => key === process.argv[2])
if (library === undefined) throw new Error(`no library is called ${process.argv[2]}`)
const before = await handles()
const subject = await library.make({ ...settingsOfACase, openForMs: 3_600_000 }, undefined)
for (let call = 0; call < 20; call++) {
  await subject.run(async () => Promise.reject(new Error("down"))).catch(() => {})
}
const circuit = await subject.state()
const heldBy = await added(before)
process.stdout.write(JSON.stringify({ circuit, heldBy }), () => {
  // What is not held must end by itself; what is held would last an hour.
  if (heldBy.length > 0) process.exit()
})
