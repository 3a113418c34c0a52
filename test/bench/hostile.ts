/**
 * `npm run bench:hostile [-- --print]`: how long it takes to read a million characters that a stranger wrote, for everything that reads
 * what strangers write; writes HOSTILE.md. That all of it does no harm is what `test/laws/fuzz.test.ts` says.
 */
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import { parseBounded } from "../../machines/boundedJson.ts"
import { disguised, type HostileReader, hostileReaders, hostileTexts } from "../support/hostileReaders.ts"

const { values: flags } = parseArgs({ options: { print: { type: "boolean", default: false } } })
const goalMs = 5
const rounds = 15

async function timed(read: () => unknown): Promise<number> {
  const startedAt = performance.now()
  try {
    await read()
  } catch {
    // To be refused is what most of it is for.
  }
  return performance.now() - startedAt
}

/** Milliseconds, least of all rounds: whatever else the machine does only adds to them. By turns, so that it adds to all alike. */
async function leasts(reads: readonly (() => unknown)[]): Promise<readonly number[]> {
  const all = reads.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round++)
    for (const [index, read] of reads.entries()) all[index] = Math.min(all[index] as number, await timed(read))
  return all
}

const least = async (read: () => unknown): Promise<number> => (await leasts([read]))[0] as number

/** A million characters; and so many that those who refuse by length take them: 20, 200, 2 000 and 10 000 characters. */
const texts: readonly (readonly [string, string])[] = [
  ...[...hostileTexts, ...disguised].map(([text, characters]) => [`a million: ${text}`, characters] as const),
  ...[20, 200, 2000, 10_000].flatMap((length) =>
    [...hostileTexts, ...disguised].map(
      ([text, characters]) => [`${length}: ${text}`, characters.slice(0, length)] as const,
    ),
  ),
]

interface Worst {
  readonly reader: HostileReader
  readonly text: string
  readonly ms: number
  /** What `JSON.parse` alone takes of it, where that is done first. */
  readonly parseMs: number | undefined
}

async function worstOf(reader: HostileReader): Promise<Worst> {
  let worst: Worst = { reader, text: "", ms: -1, parseMs: undefined }
  for (const [text, characters] of texts) {
    const ms = await least(reader.given(characters))
    if (ms <= worst.ms) continue
    const content = reader.json?.(characters)
    worst = { reader, text, ms, parseMs: content === undefined ? undefined : await least(() => JSON.parse(content)) }
  }
  return worst
}

/** Valid, and of as many values as a million characters can hold: nothing can be said against it before it is read. */
const repeat = (one: string): string => `[${one.repeat(Math.ceil(1_000_000 / one.length))}0]`
const keys = `{${Array.from({ length: 80_000 }, (_, key) => `"k${key}":0`).join()}}`
const valid = [
  ["numbers", repeat("1,")],
  ["texts", repeat('"a",')],
  ["lists", repeat("[],")],
  ["objects", repeat("{},")],
  ["80 000 different keys", keys],
] as const

const figure = (ms: number | undefined): string => (ms === undefined ? "" : ms < 0.01 ? "< 0.01" : ms.toFixed(2))

const rowOf = ({ reader, text, ms, parseMs }: Worst): string =>
  `| ${[reader.name, text, figure(ms), figure(parseMs), ms <= goalMs ? "met" : "**missed**"].join(" | ")} |`

const found: Worst[] = []
for (const reader of hostileReaders) found.push(await worstOf(reader))
const missed = found.filter(({ ms }) => ms > goalMs)

const told: string[] = []
for (const [what, text] of valid) {
  const [alone, ours] = await leasts([() => JSON.parse(text), () => parseBounded(text)])
  told.push(`| ${what} | ${figure(alone)} | ${figure(ours)} |`)
}

const page = `# What a million hostile characters cost

Written by \`npm run bench:hostile\`. Everything that reads what strangers write is given ${hostileTexts.length + disguised.length} texts of a million characters each, of one
kind that a reader might go over more than once, or such that begin as what is wanted; and the same, cut to 20, 200, 2 000 and 10 000, which
those may take who refuse by length. For each reader this is the worst of all, in milliseconds, least of ${rounds} rounds: what else the machine does only adds. The goal is ${goalMs} ms. What is short by its nature (a header, a name, a
duration) is refused by its length, before it is looked at; a file and an answer are read to their end, by \`JSON.parse\` first, of which
the time it takes alone stands beside.

Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}

| what is read | worst text | ms | \`JSON.parse\` alone | ≤ ${goalMs} ms |
| --- | --- | --- | --- | --- |
${found.map(rowOf).join("\n")}

${hostileReaders.length - missed.length} of ${hostileReaders.length} meet the goal.${
  missed.length === 0
    ? ""
    : ` In a recording each character that must be escaped is two, or three: it is decoded, summed up and parsed.`
}

What is nested deeper than 64 levels is refused before any of it is taken apart; \`JSON.parse\` alone takes 30 to 100 ms to refuse a million brackets
within each other, so whoever reads a saved state should leave it to \`readSavedState\`. What is valid is read, whatever it is: of a million characters
full of values V8's parser takes what stands below, in milliseconds, and looking for what is nested too deep beside it.

| valid JSON of nothing but | \`JSON.parse\` | as we read it |
| --- | --- | --- |
${told.join("\n")}

Where those are missed they are V8's own: it keeps each name that is new, and makes a shape of object for each, a microsecond and a half for each of 80 000.
Nothing tells them from a file that is meant before they are read: a list of as many endpoints with labels of their own costs as much, and is valid. What bounds
them is the length of what is read: an answer of a registry ends at 32 MB, a file is as long as whoever may write on this machine makes it.
`

console.log(page)
if (!flags.print) writeFileSync(new URL("HOSTILE.md", import.meta.url), page)
