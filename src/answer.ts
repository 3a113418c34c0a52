import type { CallRejected, CallTimedOut } from "./CallRejected.ts"
import type { Course, Fallback } from "./call.ts"

const settled = Promise.resolve()

/** Answers a refused or timed-out call: by its fallback, whose result never reaches a window, or by the error. */
export function answer<T>(
  error: CallRejected | CallTimedOut,
  fallback: Fallback<T> | undefined,
  course: Pick<Course<T>, "resolve" | "reject">,
): void {
  if (fallback === undefined) {
    // One turn later, when the caller has taken hold of its promise: one that is rejected before anyone listens sends the
    // host through its search for unhandled rejections, which costs more than the rest of a refusal.
    settled.then(() => course.reject(error))
    return
  }
  try {
    course.resolve(fallback(error))
  } catch (thrown) {
    course.reject(thrown)
  }
}
