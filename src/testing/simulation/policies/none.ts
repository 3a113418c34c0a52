import type { Policy, PolicyMaker, Token } from "../policy.ts"

const token: Token = Object.freeze({})

/** No protection: what every other policy is compared with. */
const unprotected: Policy = { admit: () => token, settle: () => {} }

export const none: PolicyMaker = { id: "none", kind: "none", setup: "no breaker", make: () => unprotected }
