/**
 * What is remembered of cells, by the hash of their keys: a table that grows to its bound and then forgets whom it has not seen for
 * longest. Two keys of the same hash, one pair in four billion, share a cell.
 */
const ways = 8
const smallest = 64
/** Cells of this level are suspects: one bad outcome after another, with no good one between them. */
const suspicious = 3

/** `seed` keeps others from choosing keys that share a cell. Never 0, which is an empty place. */
export function hashOf(key: string, seed: number): number {
  let hash = seed | 0
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16) || 1
}

/** What of a key says where it falls in a table of up to 32 768 places, and nothing else. */
export const bucketOf = (key: string, seed: number): number => hashOf(key, seed) & 0xfff

export class CellTable {
  readonly max: number
  #size: number
  #hashes: Int32Array
  /** Bad outcomes in a row, or below zero, good ones. */
  #levels: Int8Array
  /** The serial of the last outcome. */
  #seen: Float64Array
  /** Cells whose last outcome was bad, and those of them that may be dead even where nothing else is wrong. */
  blamed = 0
  suspects = 0
  /** How many places are taken. */
  used = 0

  constructor(max: number) {
    this.max = max
    this.#size = Math.min(smallest, max)
    this.#hashes = new Int32Array(this.#size)
    this.#levels = new Int8Array(this.#size)
    this.#seen = new Float64Array(this.#size)
  }

  levelAt(place: number): number {
    return this.#levels[place] as number
  }

  seenAt(place: number): number {
    return this.#seen[place] as number
  }

  /** The place of a cell; -1 when nothing is remembered of it. */
  find(hash: number): number {
    const hashes = this.#hashes
    const from = this.#bucketOf(hash)
    for (let place = from; place < from + ways; place++) if (hashes[place] === hash) return place
    return -1
  }

  /** Writes down what is known of a cell, whose place was `known`. */
  write(known: number, hash: number, level: number, seen: number): void {
    const place = known < 0 ? this.#claim(hash) : known
    if (this.#hashes[place] === 0) this.used++
    this.#count(this.levelAt(place), -1)
    this.#count(level, 1)
    this.#hashes[place] = hash
    this.#levels[place] = level
    this.#seen[place] = seen
  }

  #count(level: number, by: number): void {
    if (level > 0) this.blamed += by
    if (level >= suspicious) this.suspects += by
  }

  /** A place for a cell that has none. */
  #claim(hash: number): number {
    const bucket = this.#bucketOf(hash)
    const free = this.#freeIn(bucket)
    if (free >= 0) return free
    if (this.#size * 2 > this.max) return this.#oldestIn(bucket)
    this.#grow()
    return this.#claim(hash)
  }

  #bucketOf(hash: number): number {
    return (hash & (this.#size / ways - 1)) * ways
  }

  #freeIn(from: number): number {
    for (let place = from; place < from + ways; place++) if (this.#hashes[place] === 0) return place
    return -1
  }

  #oldestIn(from: number): number {
    let oldest = from
    for (let place = from + 1; place < from + ways; place++)
      if (this.seenAt(place) < this.seenAt(oldest)) oldest = place
    return oldest
  }

  #grow(): void {
    const [hashes, levels, seen] = [this.#hashes, this.#levels, this.#seen]
    this.#size *= 2
    this.#hashes = new Int32Array(this.#size)
    this.#levels = new Int8Array(this.#size)
    this.#seen = new Float64Array(this.#size)
    for (let place = 0; place < hashes.length; place++) {
      const hash = hashes[place] as number
      if (hash === 0) continue
      const next = this.#freeIn(this.#bucketOf(hash))
      this.#hashes[next] = hash
      this.#levels[next] = levels[place] as number
      this.#seen[next] = seen[place] as number
    }
  }
}
