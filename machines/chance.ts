/** Chance for machines: a number from 0 to below 1 made of a seed and a serial, so that a replay draws the same. */
export function chance(seed: number, serial: number): number {
  // The finaliser of MurmurHash3 (Appleby, public domain): every input bit reaches every output bit.
  let hash = (seed ^ Math.imul(serial + 1, 0x9e3779b1)) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
