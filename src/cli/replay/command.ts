import { readFileSync } from "node:fs"
import { InvalidConfig } from "../../../machines/options.ts"
import { onOneLine } from "../../observability/logging.ts"
import { type Recording, readRecording, UnusableRecording } from "../../observability/recording/read.ts"
import { play } from "../../testing/replay/play.ts"
import { type Comparison, whatIf } from "../../testing/replay/whatIf.ts"
import { stopWhenUnread } from "../demo/stopSignals.ts"
import { givenConfig, Unusable } from "../simulate/givenConfig.ts"
import { whyNot } from "../whyNot.ts"
import { stepThrough } from "./stepper.ts"
import { agreement, comparisonsLines, momentLine, storyOf, widthOf } from "./words.ts"

export interface ReplayOptions {
  readonly file: string
  /** A file, or JSON. */
  readonly config: string | undefined
  readonly partial: boolean
  readonly json: boolean
}

type Refuse = (why: string) => never

/** Plays a recording again and says what was decided. `refuse` ends the command: what was asked cannot be used. */
export async function replay(options: ReplayOptions, refuse: Refuse): Promise<void> {
  stopWhenUnread(() => {})
  const recording = recordingIn(options, refuse)
  if (options.config !== undefined) return compare(recording, options.config, options.json, refuse)
  const played = play(recording)
  const isWatched = process.stdout.isTTY && process.stdin.isTTY && !options.json && played.moments.length > 0
  if (isWatched) await stepThrough(played)
  const { moments, ...rest } = played
  const width = widthOf(moments)
  const lines = options.json
    ? [
        ...moments.map((moment) => JSON.stringify({ type: "moment", ...moment })),
        JSON.stringify({ type: "summary", ...rest }),
      ]
    : [
        ...titleOf(recording),
        // Who has stepped through them has seen them.
        ...(isWatched ? [] : [...storyOf(moments).map((moment) => momentLine(moment, width)), ""]),
        ...agreement(played).map(onOneLine),
      ]
  process.stdout.write(`${lines.join("\n")}\n`)
}

export function recordingIn({ file, partial }: Pick<ReplayOptions, "file" | "partial">, refuse: Refuse): Recording {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (error) {
    return refuse(`${file} cannot be read: ${whyNot(error)}`)
  }
  try {
    return readRecording(file, content, { partial })
  } catch (error) {
    if (error instanceof UnusableRecording) return refuse(error.message)
    throw error
  }
}

function titleOf({ file, header, isWhole }: Recording): readonly string[] {
  const part = header.part > 1 ? `, part ${header.part} of a longer recording` : ""
  const end = isWhole ? "" : ", cut off at its end"
  return [
    `${onOneLine(`${file}: recorded by recloser ${header.library}`)} from ${new Date(header.startedAt).toISOString()}${part}${end}; times are in UTC`,
    "",
  ]
}

async function compare(recording: Recording, config: string, json: boolean, refuse: Refuse): Promise<void> {
  const all = await compared(recording, config, refuse)
  const lines = json
    ? all.map((one) => JSON.stringify({ type: "comparison", ...one }))
    : [...titleOf(recording), ...comparisonsLines(all.map((one) => ({ ...one, breaker: onOneLine(one.breaker) })))]
  process.stdout.write(`${lines.join("\n")}\n`)
}

async function compared(recording: Recording, config: string, refuse: Refuse): Promise<readonly Comparison[]> {
  try {
    return whatIf(recording, await givenConfig(config))
  } catch (error) {
    if (error instanceof InvalidConfig || error instanceof Unusable) return refuse(error.message)
    throw error
  }
}
