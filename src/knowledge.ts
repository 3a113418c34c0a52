/** What a breaker is told from outside of its own calls: which endpoints there are. It is listened for as long as the breaker lives. */
import type { DiscoverySettings } from "../machines/endpointOptions.ts"
import type { Assembly } from "./assemble.ts"
import { timekeeperOf } from "./Clock.ts"
import { ProviderWatch } from "./providing.ts"

/** Whether the same provider is listened to in the same way. */
const isSame = (one: DiscoverySettings, other: DiscoverySettings): boolean =>
  one.provider?.() === other.provider?.() && one.max === other.max && one.settle === other.settle

const settingsOf = ({ parts }: Assembly, key: string): unknown => parts.find(({ plug }) => plug.key === key)?.settings

export class Knowledge {
  readonly #assembly: Assembly
  readonly #seed: number
  #watch: ProviderWatch | undefined

  constructor(assembly: Assembly) {
    this.#assembly = assembly
    this.#seed = assembly.clock.seed()
  }

  /** Listens as the present config has it. */
  adopt(): void {
    const settings = settingsOf(this.#assembly, "discovery") as DiscoverySettings | undefined
    const watch = this.#watch
    if (settings !== undefined && watch !== undefined && isSame(settings, watch.settings)) return
    watch?.stop()
    this.#watch = settings && this.#watchUnder(settings)
    this.#watch?.start()
  }

  /** A part has crashed, and knows nothing any more. */
  retell(part: string): void {
    if (part === "discovery") this.#watch?.retell()
  }

  stop(): void {
    this.#watch?.stop()
    this.#watch = undefined
  }

  #watchUnder(settings: DiscoverySettings): ProviderWatch {
    const { clock, conductor, listeners, openStream } = this.#assembly
    return new ProviderWatch(settings, {
      time: timekeeperOf(clock),
      seed: this.#seed,
      openStream,
      tell: (signal) => conductor.send({ ...signal, at: clock.now() }),
      trouble: (error) => listeners.trouble("discovery", error),
    })
  }
}

/** What the present config asks for is listened to; what it does not ask for any more, no longer. */
export function keepInformed(assembly: Assembly): void {
  if (assembly.knowledge === undefined && settingsOf(assembly, "discovery") === undefined) return
  assembly.knowledge ??= new Knowledge(assembly)
  assembly.knowledge.adopt()
}
