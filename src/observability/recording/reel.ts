/**
 * The reel: what happens to calls, as bytes. A call is told of in some seven of them: times are differences in whole nanoseconds, calls
 * are known by how many came after them, and a breaker is named where it is another than before. What is on the reel becomes one line.
 *
 * An entry is one byte, a code in its lower half and a number in the upper one; of a number too large for it the rest, and the time,
 * follow as bytes of seven bits each, the least first, the eighth of which says that there are more. A time is four times the nanoseconds since
 * the entry before, plus 1 where they are to be taken off, or 2 alone where the eight bytes of a float follow: nothing is rounded.
 */
import { codes, numberMask } from "./format.ts"

const room = 2 ** 15
/** What belongs together stands in one line: some entries that say all of one call, each as long as it can be. */
const most = 8 * 32
/** The largest number beside a code in one byte. */
const inOneByte = 15
const integers = 2 ** 28
const float = 2

const isEntry = (code: number): boolean => code <= codes.uncounted
const isEnd = (code: number): boolean => code >= codes.success && code <= codes.ignored

export class Reel {
  readonly #bytes = Buffer.alloc(room)
  #end = 0
  #who = -1
  /** Nanoseconds at the first entry, at the last, and the number of the last call before them. */
  #from = 0
  #nanos = 0
  #before = 0
  /** The number of the last call that entered. */
  serial = 0
  /** The number of the last call that had to wait. */
  waiting = 0
  readonly #begun: () => void
  readonly #full: () => void

  /** `begun` hears of the first entry of an empty reel, `full` when it must be written out before the next. */
  constructor(begun: () => void, full: () => void) {
    this.#begun = begun
    this.#full = full
  }

  get isEmpty(): boolean {
    return this.#end === 0
  }

  /** Neither its beginning nor its end, in one comparison: this is asked of each entry. */
  get hasRoom(): boolean {
    return (this.#end - 1) >>> 0 < room - most
  }

  /** Before entries that belong together, the first of which is of this time. */
  prepare(at: number): void {
    if (this.hasRoom) return
    if (this.#end > 0) this.#full()
    if (this.#end > 0) return
    this.#begun()
    const nanos = Math.round(at * 1e6)
    this.#from = Number.isSafeInteger(nanos) ? nanos : 0
    this.#nanos = this.#from
    this.#before = this.serial
  }

  /** A call enters, as this code says; answers its number. */
  enter(at: number, code: number, who: number): number {
    if (who !== this.#who) this.#turnTo(who)
    this.#put(code, at)
    this.serial = (this.serial + 1) & numberMask
    return this.serial
  }

  /** The call of this number has ended, as this code says. */
  leave(at: number, code: number, serial: number, who: number): void {
    const number = (this.serial - serial) & numberMask
    if (who === this.#who && number < inOneByte) this.#put(code | (number << 4), at)
    else this.add(at, code, number, who)
  }

  add(at: number, code: number, number: number, who: number): void {
    if (who !== this.#who) this.#turnTo(who)
    if (number < inOneByte) return this.#put(code | (number << 4), at)
    this.#bytes[this.#end++] = code | (inOneByte << 4)
    this.#write(number - inOneByte)
    this.#tell(at)
  }

  #turnTo(who: number): void {
    this.#who = who
    this.#bytes[this.#end++] = codes.who
    this.#write(who)
  }

  /** The ordinary entry: its first byte, and a time so soon after the last that it needs two: what most are, written out, because a loop costs half as much again. */
  #put(first: number, at: number): void {
    const nanos = Math.floor(at * 1e6 + 0.5)
    const time = 4 * (nanos - this.#nanos)
    if (time >= 128 && time < 2 ** 14 && nanos / 1e6 === at) {
      const bytes = this.#bytes
      const end = this.#end
      bytes[end] = first
      bytes[end + 1] = time | 128
      bytes[end + 2] = time >>> 7
      this.#nanos = nanos
      this.#end = end + 3
    } else this.#putAny(first, at)
  }

  #putAny(first: number, at: number): void {
    this.#bytes[this.#end++] = first
    this.#tell(at)
  }

  #tell(at: number): void {
    const nanos = Math.round(at * 1e6)
    const passed = nanos - this.#nanos
    // Beyond 2^53 a nanosecond is no number any more, and such a time would come back as another.
    if (nanos / 1e6 === at && Math.abs(passed) < 2 ** 50 && Number.isSafeInteger(nanos)) {
      this.#nanos = nanos
      return this.#write(passed < 0 ? -4 * passed + 1 : 4 * passed)
    }
    this.#write(float)
    this.#end = this.#bytes.writeDoubleLE(at, this.#end)
  }

  #write(value: number): void {
    let rest = value
    for (; rest >= integers; rest = Math.floor(rest / 128)) this.#bytes[this.#end++] = (rest % 128) | 128
    for (; rest > 127; rest >>>= 7) this.#bytes[this.#end++] = rest | 128
    this.#bytes[this.#end++] = rest
  }

  /**
   * All that is on it, as the parts of one line; it is empty then. The line is long and has nothing in it that JSON would have to escape:
   * putting it together by hand takes a third of the time.
   */
  take(): readonly string[] {
    const head = `{"t":"calls","from":${this.#from},"serial":${this.#before},"bytes":"`
    const bytes = this.#bytes.toString("base64", 0, this.#end)
    this.#end = 0
    this.#who = -1
    return [head, bytes, '"']
  }
}

/** One entry: the number is that of its call, where it has one. */
export interface Entry {
  readonly at: number
  readonly code: number
  readonly number: number
  readonly who: number
}

class Bytes {
  readonly #bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isRead(): boolean {
    return this.at >= this.#bytes.length
  }
  byte(): number {
    return this.#bytes[this.at++] ?? Number.NaN
  }
  number(): number {
    let [value, unit] = [0, 1]
    for (let byte = this.byte(); ; byte = this.byte()) {
      value += (byte & 127) * unit
      if (Number.isNaN(byte)) return byte
      if (byte < 128) return value
      unit *= 128
    }
  }
  float(): number {
    if (this.at + 8 > this.#bytes.length) return Number.NaN
    this.at += 8
    return this.#bytes.readDoubleLE(this.at - 8)
  }
}

/** What `take` has made of entries, one after the other. A number that is not there is `NaN`. */
export function* entriesIn(bytes: Buffer, from: number, serial: number): Generator<Entry> {
  const read = new Bytes(bytes)
  let [nanos, last, who] = [from, serial, -1]
  while (!read.isRead) {
    const first = read.byte()
    const code = first & 15
    if (code === codes.who) {
      who = read.number()
      continue
    }
    const value = first >>> 4 < inOneByte ? first >>> 4 : inOneByte + read.number()
    const time = read.number()
    if (time === float) {
      yield { at: read.float(), code, number: numberOf(code, value, last), who }
    } else {
      nanos += time % 2 === 0 ? time / 4 : -(time - 1) / 4
      yield { at: nanos / 1e6, code, number: numberOf(code, value, last), who }
    }
    if (isEntry(code)) last = (last + 1) & numberMask
  }
}

function numberOf(code: number, value: number, last: number): number {
  if (isEntry(code)) return (last + 1) & numberMask
  return isEnd(code) ? (last - value) & numberMask : value
}
