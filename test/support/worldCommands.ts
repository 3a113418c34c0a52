/** Commands that a breaker and a model of it are given alike, whatever the model: time passes, and an operator acts. */
import type * as fc from "fast-check"
import type { StepClock } from "./stepClock.ts"

type Act = "force" | "release"

interface Modelled extends Record<Act, () => void> {
  pass(ms: number): void
}

interface Played {
  readonly clock: StepClock
  readonly breaker: { forceOpen(why: string): void; release(why: string): void }
}

/** `compare` holds both against each other after the command. */
export function worldCommands<Model extends Modelled, Real extends Played>(
  compare: (model: Model, real: Real) => void,
) {
  const pass = (ms: number): fc.Command<Model, Real> => ({
    check: () => true,
    run: (model, real) => {
      model.pass(ms)
      real.clock.step(ms)
      compare(model, real)
    },
    toString: () => `pass(${ms})`,
  })
  const operate = (act: Act): fc.Command<Model, Real> => ({
    check: () => true,
    run: (model, real) => {
      model[act]()
      real.breaker[act === "force" ? "forceOpen" : "release"]("a law")
      compare(model, real)
    },
    toString: () => act,
  })
  return { pass, operate }
}
