/** One direction of a connection: what one socket says reaches the other as the faults allow, in order. */
import type { Socket } from "node:net"
import type { Clock } from "../../Clock.ts"
import type { HostTimer } from "../../data-plane/hostAlarm.ts"
import { type FaultSettings, well } from "./faults.ts"

/** So much may wait in a pipe; then its source is not read any more. */
const mostWaiting = 256 * 1024
/** With little bandwidth data trickles in pieces, twenty a second. */
const pieceMs = 50

interface Piece {
  data: Buffer
  due: number
  readonly cameAt: number
  /** From -1 to 1. */
  readonly luck: number
}

export interface PipeOptions {
  readonly clock: Clock
  /** The faults that hold now for this direction. */
  readonly faults: () => FaultSettings
  /** 0 to 1, drawn for each piece. */
  readonly random: () => number
  /** More has passed than may. */
  readonly cut: () => void
}

export class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #options: PipeOptions
  readonly #waiting: Piece[] = []
  #bytesWaiting = 0
  #passed = 0
  /** Nothing overtakes what came before it. */
  #lastDue = 0
  #endedAt: number | undefined = undefined
  #endDue: number | undefined = undefined
  #timer: HostTimer | undefined = undefined
  #isFull = false
  #isStopped = false

  constructor(from: Socket, to: Socket, options: PipeOptions) {
    this.#from = from
    this.#to = to
    this.#options = options
    from.on("data", (data) => this.#take(data))
    from.on("end", () => this.#end())
    to.on("drain", () => {
      this.#isFull = false
      this.pump()
    })
  }

  /** Other faults hold now: what waits has come when it came, and is late by what they say. */
  changed(): void {
    this.#lastDue = 0
    for (const piece of this.#waiting) piece.due = this.#dueOf(piece)
    if (this.#endedAt !== undefined) this.#endDue = this.#dueOfEnd(this.#endedAt)
    this.pump()
  }

  /** Passes on what is due; called again whenever that may have changed. */
  pump(): void {
    this.#timer?.disarm()
    this.#timer = undefined
    if (this.#isStopped) return
    const { clock, faults } = this.#options
    if (!faults().hang && !this.#to.destroyed) this.#passDue(clock.now())
    this.#breathe()
    if (faults().hang || this.#to.destroyed) return
    const next = this.#isFull ? undefined : (this.#waiting[0]?.due ?? this.#endDue)
    if (next !== undefined && !this.#to.writableEnded) this.#wait(next - clock.now())
  }

  /** Nothing passes any more. What is still said is read and dropped: the end of a source that nobody reads is never heard. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.disarm()
    this.#waiting.length = 0
    this.#from.resume()
  }

  #take(data: Buffer): void {
    if (this.#isStopped) return
    const { clock, random } = this.#options
    const piece = { data, due: 0, cameAt: clock.now(), luck: 2 * random() - 1 }
    piece.due = this.#dueOf(piece)
    this.#waiting.push(piece)
    this.#bytesWaiting += data.length
    this.pump()
  }

  #end(): void {
    this.#endedAt = this.#options.clock.now()
    this.#endDue = this.#dueOfEnd(this.#endedAt)
    this.pump()
  }

  #dueOf({ cameAt, luck }: Piece): number {
    const { latency, jitter } = this.#options.faults()
    this.#lastDue = Math.max(this.#lastDue, cameAt + latency + luck * jitter)
    return this.#lastDue
  }

  #dueOfEnd(endedAt: number): number {
    const { latency, slowClose } = this.#options.faults()
    return Math.max(this.#lastDue, endedAt + latency) + slowClose
  }

  #passDue(now: number): void {
    for (let head = this.#waiting[0]; head !== undefined && head.due <= now && !this.#isFull; head = this.#waiting[0]) {
      if (this.#pass(head, now)) return
    }
    if (this.#waiting.length === 0 && this.#endDue !== undefined && this.#endDue <= now) this.#to.end()
  }

  /** Passes a piece on, or the part of it that the bandwidth allows; true when the connection was cut. */
  #pass(head: Piece, now: number): boolean {
    const { bandwidth, limitData } = this.#options.faults()
    const bytesPerMs = bandwidth / 1000
    const size = Math.max(1, Math.min(head.data.length, Math.floor(bytesPerMs * pieceMs)))
    const left = Math.max(0, limitData - this.#passed)
    const part = head.data.subarray(0, Math.min(size, left))
    if (part.length > 0) this.#isFull = !this.#to.write(part)
    this.#passed += part.length
    this.#bytesWaiting -= part.length
    if (left <= size && left !== Number.POSITIVE_INFINITY) {
      this.#options.cut()
      return true
    }
    if (part.length < head.data.length) head.data = head.data.subarray(part.length)
    else this.#waiting.shift()
    // What comes next waits until this has gone over the wire.
    const [next] = this.#waiting
    if (next !== undefined) next.due = Math.max(next.due, now + part.length / bytesPerMs)
    this.#lastDue = Math.max(this.#lastDue, now + part.length / bytesPerMs)
    return false
  }

  /** Reads its source while there is room for more. */
  #breathe(): void {
    if (this.#bytesWaiting > mostWaiting) this.#from.pause()
    else if (this.#from.isPaused()) this.#from.resume()
  }

  #wait(delayMs: number): void {
    this.#timer = this.#options.clock.arm(Math.max(0, delayMs), () => this.pump(), true)
  }
}

/** Requests are only ever held: what else goes wrong happens to answers. */
export const ofRequests = (faults: FaultSettings): FaultSettings => ({ ...well, hang: faults.hang })
