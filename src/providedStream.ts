/** Every list of a Stream, in the fiber of whoever listens: on its time, and interrupted with it. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { EndpointSet } from "../machines/endpointOptions.ts"
import type { OpenStream } from "./providing.ts"

export const openStream: OpenStream = (stream, hear) =>
  Stream.runForEach(stream as unknown as Stream.Stream<EndpointSet, unknown>, (list) => Effect.sync(() => hear(list)))
