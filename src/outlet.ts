/** What lets calls pass that no breaker can be made for: a breaker that is bypassed. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { type Assembly, assemble, readAll, startIn } from "./assemble.ts"
import type { Surroundings } from "./awake.ts"

const config = { strategy: "basic", timeout: false, metrics: false }

export class Outlet<Face> {
  readonly assembly: Assembly
  readonly face: Face
  readonly #scope = Scope.makeUnsafe()

  constructor(around: Surroundings<Face>, why: string) {
    const { clock } = around
    this.assembly = startIn(this.#scope, assemble(readAll("overflow", config, undefined), { clock }))
    this.assembly.conductor.send({ type: "operator.bypass", at: clock.now(), why })
    this.face = around.face(this.assembly, this.#scope)
  }

  /** Calls that have passed. */
  get passed(): number {
    return this.assembly.plane.tally.admitted
  }

  end(): void {
    Effect.runSync(Scope.close(this.#scope, Exit.void))
  }
}
