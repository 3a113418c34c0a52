/** A service that answers in a fixed time whatever its load, and at times fails. */
import type { Call, Server } from "../world.ts"

export interface Weather {
  /** The share of calls that fail. */
  readonly failing: number
  /** How long a call takes, well or not. */
  readonly serviceMs: number
}

/** How the service fares at a given time, for a given call. */
export type Forecast = (now: number, call: Call) => Weather

export class SteadyServer implements Server {
  readonly #forecast: Forecast
  constructor(forecast: Forecast) {
    this.#forecast = forecast
  }

  /** A call fares as the service does when the call begins; its work is done even if nobody waits for it. */
  take(call: Call, now: number): void {
    const { failing, serviceMs } = this.#forecast(now, call)
    call.good = call.luck >= failing
    call.answersAt = now + serviceMs
    call.workMs = serviceMs
  }
}
