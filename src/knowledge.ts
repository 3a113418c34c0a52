/** What a breaker is told from outside of its own calls: which endpoints there are, and how they are. It is listened for as long as it lives. */
import * as Effect from "effect/Effect"
import type { DiscoverySettings } from "../machines/endpointOptions.ts"
import type { HealthSettings } from "../machines/healthOptions.ts"
import type { Endpoint, EndpointsFinding } from "../machines/vocabulary/endpoint.ts"
import type { Assembly } from "./assemble.ts"
import { timekeeperOf } from "./Clock.ts"
import { Checks } from "./checks.ts"
import { background } from "./control-plane/clock.ts"
import { ProviderWatch } from "./providing.ts"

/** Whether the same provider is listened to in the same way. */
const isSameWatch = (one: DiscoverySettings, other: DiscoverySettings): boolean =>
  one.provider?.() === other.provider?.() && one.max === other.max && one.settle === other.settle

const isSameCheck = (one: HealthSettings, other: HealthSettings): boolean =>
  one.check === other.check && JSON.stringify(one) === JSON.stringify(other)

const settingsOf = ({ parts }: Assembly, key: string): unknown => parts.find(({ plug }) => plug.key === key)?.settings

export class Knowledge {
  readonly #assembly: Assembly
  readonly #seed: number
  #watch: ProviderWatch | undefined
  #checks: Checks | undefined
  /** The list whose endpoints are checked. */
  #listed: readonly Endpoint[] | undefined
  readonly #silence: readonly (() => void)[]

  constructor(assembly: Assembly) {
    const { clock, listeners } = assembly
    this.#assembly = assembly
    this.#seed = clock.seed()
    this.#silence = [
      listeners.add("finding", ({ finding }) => "away" in finding && this.#hear(finding)),
      listeners.add("transition", ({ to }) => to === "halfOpen" && this.#checks?.hurry()),
    ]
  }

  /** Listens as the present config has it. */
  adopt(): void {
    this.#adoptWatch(settingsOf(this.#assembly, "discovery") as DiscoverySettings | undefined)
    this.#adoptChecks(settingsOf(this.#assembly, "health") as HealthSettings | undefined)
  }

  /** A part has crashed, and knows nothing any more. */
  retell(part: string): void {
    if (part === "discovery") this.#watch?.retell()
  }

  stop(): void {
    for (const stop of this.#silence) stop()
    if (this.#watch !== undefined) this.#loop("discovery.provider", undefined)
    if (this.#checks !== undefined) this.#loop("health.checks", undefined)
    this.#watch = undefined
    this.#checks = undefined
  }

  /** How endpoints are is no reason to check others. */
  #hear({ endpoints }: EndpointsFinding): void {
    if (endpoints !== this.#listed) this.#checkAll()
  }

  #adoptWatch(settings: DiscoverySettings | undefined): void {
    const before = this.#watch
    if (settings?.provider === undefined) {
      this.#watch = undefined
      if (before !== undefined) this.#loop("discovery.provider", undefined)
      return
    }
    if (before !== undefined && isSameWatch(settings, before.settings)) return
    const { clock, conductor, listeners, openStream } = this.#assembly
    this.#watch = new ProviderWatch(settings, {
      time: timekeeperOf(clock),
      seed: this.#seed,
      openStream,
      tell: (signal) => conductor.send({ ...signal, at: clock.now() }),
      trouble: (error) => listeners.trouble("discovery", error),
    })
    this.#loop("discovery.provider", this.#watch.run)
  }

  #adoptChecks(settings: HealthSettings | undefined): void {
    if (settings?.check === undefined) return this.#dropChecks()
    if (this.#checks === undefined || !isSameCheck(settings, this.#checks.settings)) {
      const { clock, conductor, plane } = this.#assembly
      this.#checks = new Checks(settings, {
        time: timekeeperOf(clock),
        seed: this.#seed + 1,
        epoch: () => plane.gate.epoch,
        tell: (signal) => conductor.send({ ...signal, at: clock.now() }),
      })
      this.#checkAll()
      this.#loop("health.checks", this.#checks.run)
    } else this.#checkAll()
  }

  #dropChecks(): void {
    if (this.#checks === undefined) return
    this.#checks = undefined
    this.#loop("health.checks", undefined)
    // Nobody would ever take back what the checks have said.
    const { clock, conductor } = this.#assembly
    conductor.send({ type: "checks.changed", at: clock.now(), endpoints: [] })
  }

  /** An actor beside the parts of the breaker: the root interrupts it when it is active no more. */
  #loop(id: string, run: Effect.Effect<never> | undefined): void {
    const { clock, conductor } = this.#assembly
    const onTime = Effect.runPromiseWith(background(timekeeperOf(clock)))
    conductor.send({
      type: "loop.changed",
      at: clock.now(),
      id,
      run: run && ((signal) => onTime(run, { signal })),
    })
  }

  /** Each endpoint by itself, where there are any. */
  #checkAll(): void {
    const isDiscovering = settingsOf(this.#assembly, "discovery") !== undefined
    const known = this.#assembly.plane.gate.lines.endpoints?.endpoints ?? []
    this.#listed = known
    this.#checks?.check(isDiscovering ? known : undefined)
  }
}

/** What the present config asks for is listened to; what it does not ask for any more, no longer. */
export function keepInformed(assembly: Assembly): void {
  const isWanted = ["discovery", "health"].some((key) => settingsOf(assembly, key) !== undefined)
  if (assembly.knowledge === undefined && !isWanted) return
  assembly.knowledge ??= new Knowledge(assembly)
  assembly.knowledge.adopt()
}
