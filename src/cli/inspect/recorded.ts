import { basename } from "node:path"
import { systemClock } from "../../Clock.ts"
import { newToken, paceOf, unavailable } from "../../inspector.ts"
import { libraryVersion } from "../../libraryVersion.ts"
import type { World } from "../../observability/inspector/inspected.ts"
import type { RecordedAnswer, RecordedComparison } from "../../observability/inspector/recorded.ts"
import { InspectorServer } from "../../observability/inspector/server.ts"
import type { Recording } from "../../observability/recording/read.ts"
import { play } from "../../testing/replay/play.ts"
import { whatIf } from "../../testing/replay/whatIf.ts"
import { conclusion } from "../replay/words.ts"

const nobody: World = { breakers: [], size: 0, find: () => undefined, onTold: () => () => {} }

/** What the page asks of a recording: played once, however often it is asked. */
export function answerer(recording: Recording): (question: string, body: unknown) => unknown {
  let answer: RecordedAnswer | undefined
  return (question, body) => {
    if (question === "recording" && body === undefined) return (answer ??= answerOf(recording))
    if (question === "what-if" && body !== undefined) return comparisonsOf(recording, body)
    return undefined
  }
}

const comparisonsOf = (recording: Recording, body: unknown): readonly RecordedComparison[] =>
  whatIf(recording, (body as { readonly config?: unknown }).config).map((one) => ({ ...one, words: conclusion(one) }))

function answerOf(recording: Recording): RecordedAnswer {
  const { moments: played, decisions, agreed, trace, omitted } = play(recording)
  return { played, decisions, agreed, trace, omitted }
}

/** Serves the page of a recording. Rejects when the port cannot be had. */
export async function serveRecording(recording: Recording, asked: number, token: string = newToken()) {
  const name = basename(recording.file)
  const about = { library: libraryVersion(), program: name, control: false, recording: name }
  const pace = paceOf(systemClock)
  const server = new InspectorServer({ port: asked, token, about, world: nobody, pace, recording: answerer(recording) })
  const port = await server.listen().catch((error: unknown) => {
    throw unavailable(asked, error)
  })
  return { url: `http://127.0.0.1:${port}/#${token}`, port, stop: () => server.stop() }
}
