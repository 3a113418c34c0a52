/** What a breaker hears from outside of its calls, by script: how its checks end, and which endpoints there are. */
import type { EndpointSet, ProviderContext } from "../../../machines/endpointOptions.ts"
import type { CheckContext } from "../../../machines/healthOptions.ts"
import type { BreakerConfig } from "../../index.ts"

/** What scripts fail with: a trouble that is meant is none. */
export const scriptedFailure = new Error("scripted failure")

export type Mood = "pass" | "fail" | "hang"

/** Takes the place of a check of the user's, which would go over a network, and on time that is not virtual. */
export class ScriptedCheck {
  mood: Mood = "pass"
  /** How checks of some endpoints end that fare otherwise, by id. */
  readonly others = new Map<string, Mood>()

  readonly run = ({ endpoint, signal }: CheckContext): Promise<void> => {
    const mood = this.others.get(endpoint?.id ?? "") ?? this.mood
    if (mood === "pass") return Promise.resolve()
    if (mood === "fail") return Promise.reject(scriptedFailure)
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
  }
}

/** Takes the place of a provider of the user's. */
export class ScriptedProvider {
  #list: EndpointSet | undefined
  #isDown = false
  #wake = () => {}

  readonly open = ({ signal }: ProviderContext): AsyncIterable<EndpointSet> => this.#lists(signal)

  tell(list: EndpointSet): void {
    this.#list = list
    this.#isDown = false
    this.#wake()
  }

  /** It fails, and goes on failing when it is asked anew, until it tells of endpoints again. */
  fail(): void {
    this.#isDown = true
    this.#wake()
  }

  /** It has nothing to tell yet. */
  silence(): void {
    this.#list = undefined
    this.#isDown = false
  }

  get isDown(): boolean {
    return this.#isDown
  }

  async *#lists(signal: AbortSignal): AsyncGenerator<EndpointSet> {
    let told: EndpointSet | undefined
    while (!signal.aborted) {
      if (this.#isDown) throw scriptedFailure
      if (this.#list !== told && this.#list !== undefined) yield (told = this.#list)
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}

export interface Scripts {
  readonly check: ScriptedCheck
  readonly provider: ScriptedProvider
}

export const freshScripts = (): Scripts => ({ check: new ScriptedCheck(), provider: new ScriptedProvider() })

const replaced = (options: unknown, key: string, by: unknown): unknown =>
  typeof options === "object" && options !== null && (options as { readonly [key: string]: unknown })[key] !== undefined
    ? { ...options, [key]: by }
    : options

/** The same config, with scripts for what listens to the world. */
export function scripted(config: BreakerConfig, { check, provider }: Scripts): BreakerConfig {
  const { health, discovery } = config
  return {
    ...config,
    ...(health !== undefined && { health: replaced(health, "check", check.run) }),
    ...(discovery !== undefined && { discovery: replaced(discovery, "provider", provider.open) }),
  } as BreakerConfig
}
