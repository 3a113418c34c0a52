/**
 * fast-check with one seed for all properties that name none: a change is judged by the same cases as the one before, and `main` does not
 * turn red overnight. `FC_SEED=random` draws others; a failure prints its seed, and `FC_SEED=<that>` draws them again. Who says how many
 * steps there may be gets so many now and then, and not ten at most.
 */
import fc from "fast-check"

function seedOf(asked: string): number {
  const seed = Number(asked)
  if (!Number.isInteger(seed)) throw new TypeError(`FC_SEED must be a whole number or "random", and is ${asked}`)
  return seed
}

const asked = process.env["FC_SEED"] ?? "20261129"
const drawn = asked === "random" ? {} : { seed: seedOf(asked) }
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...drawn, defaultSizeToMaxWhenMaxSpecified: true })

export default fc
