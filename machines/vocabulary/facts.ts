/** What a caller says about one call, beside what it runs. Whatever is left unsaid is the ordinary case. */
export interface Facts {
  /** Which part of the service the call goes to: a card, a shard, a host. Calls of one key share the fate of their cell. */
  readonly key?: string | undefined
}

/** A call about which nothing is said. */
export const noFacts: Facts = Object.freeze({})
