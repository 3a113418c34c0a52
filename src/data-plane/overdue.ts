/**
 * Calls in flight by age: a running call older than the slow line *is* slow, although it has not settled.
 *
 * Starts are counted in coarse buckets, a sixteenth of the line wide, so a call costs two increments and no memory. When a
 * bucket's youngest call has passed the line, its calls are overdue until they settle.
 */
const bucketsPerLine = 16
const fewestBuckets = 32
/** A host that stands still now and then has calls wait for longer than two lines; one that did for so long leaves them to how they end. */
const mostBuckets = 4096
/** Never wait for nothing: rounding must not make a sweep come again at the same instant. */
const leastWaitMs = 1 / 64

type StoodMs = (since: number, now: number) => number

export class Overdue {
  /** Calls in flight that are older than the line. */
  count = 0
  readonly #lineMs: number
  readonly #widthMs: number
  readonly #perMs: number
  #starts = new Uint32Array(fewestBuckets)
  #lastSlot = fewestBuckets - 1
  /** Buckets up to this one have passed the line. */
  #passed: number
  /** For how long of a time the host stood still. */
  readonly #stoodMs: StoodMs
  #waiting = 0
  #news = 0
  /** Calls that entered by then belong to an earlier line, and are nobody's business here. */
  readonly #since: number
  /** The watch of an earlier line, while calls are in flight that were overdue then. */
  #earlier: Overdue | undefined

  constructor(lineMs: number, at: number, stoodMs: StoodMs, since = Number.NEGATIVE_INFINITY, earlier?: Overdue) {
    this.#stoodMs = stoodMs
    this.#since = since
    this.#earlier = earlier === undefined || earlier.count > 0 ? earlier : earlier.#earlier
    this.#lineMs = lineMs
    this.#widthMs = lineMs / bucketsPerLine
    this.#perMs = bucketsPerLine / lineMs
    this.#passed = this.#bucketOf(at) - 1
  }

  /** Of a call that entered while nobody asked for the time, `NaN`, nothing is known. */
  #isMine(startedAt: number): boolean {
    return startedAt > this.#since
  }

  #bucketOf(startedAt: number): number {
    return Math.floor(startedAt * this.#perMs)
  }

  /** When even the youngest call of a bucket has reached the line. What it seems to take while the host stands still is not its time. */
  #passesAt(bucket: number, now: number): number {
    const passesAt = (bucket + 1) * this.#widthMs + this.#lineMs
    return passesAt > now || this.#starts[bucket & this.#lastSlot] === 0
      ? passesAt
      : passesAt + this.#stoodMs(bucket * this.#widthMs, now)
  }

  /** A call enters; `false` when there is no room for it: others have waited for a sweep for hundreds of lines. */
  enter(startedAt: number): boolean {
    if (!this.#isMine(startedAt)) return true
    const bucket = this.#bucketOf(startedAt)
    if (bucket - this.#passed > this.#lastSlot && !this.#makeRoom(bucket, startedAt)) return false
    const slot = bucket & this.#lastSlot
    this.#starts[slot] = (this.#starts[slot] as number) + 1
    this.#waiting++
    return true
  }

  /** Calls in flight that have been overdue, under whatever line. */
  get total(): number {
    return this.count + (this.#earlier?.total ?? 0)
  }

  #oldestPassesAt(now: number): number {
    let bucket = this.#passed + 1
    while ((this.#starts[bucket & this.#lastSlot] as number) === 0) bucket++
    return this.#passesAt(bucket, now)
  }

  /** A call that entered at `startedAt` has settled; answers whether it was overdue. */
  leave(startedAt: number): boolean {
    if (!this.#isMine(startedAt)) return this.#leaveEarlier(startedAt)
    const bucket = this.#bucketOf(startedAt)
    if (bucket <= this.#passed) {
      this.count--
      return true
    }
    const slot = bucket & this.#lastSlot
    this.#starts[slot] = (this.#starts[slot] as number) - 1
    this.#waiting--
    return false
  }

  #leaveEarlier(startedAt: number): boolean {
    const wasOverdue = this.#earlier?.leave(startedAt) ?? false
    if (this.#earlier?.count === 0) this.#earlier = this.#earlier.#earlier
    return wasOverdue
  }

  /** Whether a sweep would find calls that have become overdue. */
  isDue(now: number): boolean {
    return this.#waiting > 0 && this.#oldestPassesAt(now) <= now
  }

  /** Moves what has passed the line by `now`. */
  sweep(now: number): void {
    while (this.#waiting > 0 && this.#passesAt(this.#passed + 1, now) <= now) this.#news += this.#pass()
    this.#skip(now)
  }

  /** Moves one bucket at a time: the calls of the next that has passed the line by `now`; 0 when there is none. */
  next(now: number): number {
    let calls = 0
    while (calls === 0 && this.#waiting > 0 && this.#passesAt(this.#passed + 1, now) <= now) calls = this.#pass()
    if (calls === 0) this.#skip(now)
    return calls
  }

  /** When the earliest calls of the bucket that passed last may have entered. */
  get enteredFrom(): number {
    return this.#passed * this.#widthMs
  }

  #pass(): number {
    const slot = ++this.#passed & this.#lastSlot
    const calls = this.#starts[slot] as number
    this.#starts[slot] = 0
    this.#waiting -= calls
    this.count += calls
    return calls
  }

  /** Lets go of what is empty, and of nothing else: calls that are overdue are for a sweep. */
  #makeRoom(bucket: number, now: number): boolean {
    this.#skip(now)
    while (bucket - this.#passed > this.#lastSlot && this.#starts[(this.#passed + 1) & this.#lastSlot] === 0)
      this.#passed++
    while (bucket - this.#passed > this.#lastSlot) {
      if (this.#starts.length === mostBuckets) return false
      this.#widen()
    }
    return true
  }

  /** Twice as many buckets, each with what it had. */
  #widen(): void {
    const starts = new Uint32Array(2 * this.#starts.length)
    for (let ahead = 1; ahead <= this.#starts.length; ahead++) {
      const bucket = this.#passed + ahead
      starts[bucket & (starts.length - 1)] = this.#starts[bucket & this.#lastSlot] as number
    }
    this.#starts = starts
    this.#lastSlot = starts.length - 1
  }

  #skip(now: number): void {
    // Nothing waits: skip the silence in one step.
    if (this.#waiting === 0) this.#passed = Math.max(this.#passed, this.#bucketOf(now - this.#lineMs) - 2)
  }

  /** How many calls have become overdue since this was last asked. */
  takeNews(): number {
    const news = this.#news
    this.#news = 0
    return news
  }

  /** Milliseconds from `now` until the oldest waiting call is overdue; undefined when none is waiting. */
  nextIn(now: number): number | undefined {
    return this.#waiting === 0 ? undefined : Math.max(leastWaitMs, this.#oldestPassesAt(now) - now)
  }
}
