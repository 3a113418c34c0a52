/**
 * Cells told again, as plainly as possible: every key by name, every figure worked out at every outcome, nothing bounded. What the data
 * plane does with hashes, counters and short ways must come to the same.
 */
interface Cell {
  level: number
  at: number
}

interface Convict {
  probes: number
  calls: number
  refused: number
  triedAt: number
  generation: number
}

export interface ReferenceLine {
  readonly threshold: number
  readonly waitMs: number
  readonly stepMs: number
  readonly maxMs: number
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

export class CellReference {
  readonly #line: ReferenceLine
  readonly #cells = new Map<string, Cell>()
  readonly #convicts = new Map<string, Convict>()
  readonly #goods: string[] = []
  #badRow: string[] = []
  #outcomes = 0
  #known = 0
  #usual = 0.05
  #noise = 0.05
  #trouble = 0.05
  #score = 0
  #raised = false
  #since = 0
  #from = 0
  #leaning = -1
  #firsts: boolean[] = []
  #generation = 0
  #failed = 0
  #freeAt = 0
  #nextAt = 0
  #wave = 1
  #running = 0
  #streak: { of: number; calls: number } = { of: -1, calls: 0 }

  constructor(line: ReferenceLine) {
    this.#line = line
  }

  get condemned(): readonly string[] {
    return [...this.#convicts.keys()].sort()
  }

  /** Whether a call may enter now, and what comes of asking: `probe`, `enter` or `refuse`. */
  offer(key: string, now: number): "probe" | "enter" | "refuse" {
    const convict = this.#convicts.get(key)
    if (convict !== undefined) return this.#offerConvict(convict, now)
    if (!this.#isGuilty(this.#levelOf(key)) || this.#isOminous()) return "enter"
    this.#condemn(key, now)
    return "refuse"
  }

  settle(key: string, bad: boolean, isProbe: boolean, now: number): void {
    if (isProbe && this.#running > 0) this.#running--
    const convict = this.#convicts.get(key)
    if (convict !== undefined) return this.#settleConvict(key, convict, bad, isProbe, now)
    const level = this.#levelOf(key)
    const cell = this.#cells.get(key)
    const isFirst = cell === undefined || cell.at <= this.#since
    this.#outcomes++
    if (this.#isWary()) this.#lean(level, isFirst, bad)
    if (!this.#raised || level < 0) this.#learn(bad)
    this.#watch(level, bad)
    this.#noise += ((bad ? 1 : 0) - this.#noise) / 32
    this.#trouble += ((bad ? 1 : 0) - this.#trouble) / 32
    if (bad) this.#badRow.push(key)
    else this.#hearGood(key)
    if (bad || level > 0 || this.#isWary()) this.#write(key, bad ? level + 1 : Math.max(-2, Math.min(0, level) - 1))
    if (this.#convicts.size === 0 && this.#raised && this.#score <= 0 && this.#noise <= 2 * this.#usually()) {
      this.#raised = false
      this.#rest()
    }
  }

  #offerConvict(convict: Convict, now: number): "probe" | "refuse" {
    const { size } = this.#convicts
    const probes = sum([...this.#convicts.values()].map((one) => one.probes))
    const isTurn = size <= 4 || convict.probes * size <= probes || now - this.#nextAt >= 250
    const isDue = convict.refused >= 64 && now - convict.triedAt >= 30_000
    if (isDue || (now >= this.#nextAt && this.#running < this.#wave && isTurn)) {
      Object.assign(convict, { probes: convict.probes + 1, refused: 0, triedAt: now })
      this.#running++
      return "probe"
    }
    convict.refused++
    this.#trouble += (1 - this.#trouble) / 32
    return "refuse"
  }

  #condemn(key: string, now: number): void {
    const level = this.#levelOf(key)
    if (!this.#raised) {
      if (this.#score <= 0) this.#begin()
      this.#raised = true
      this.#score = 0
      this.#leaning = Math.max(3, this.#leaning)
    }
    this.#write(key, 0)
    if (this.#convicts.size === 0) this.#failed = now - this.#freeAt < 60_000 ? Math.floor(this.#failed / 2) : 0
    const convict = { probes: 0, calls: level, refused: 1, triedAt: now, generation: this.#generation }
    this.#convicts.set(key, convict)
    this.#nextAt = now + this.#gap()
    this.#trouble += (1 - this.#trouble) / 32
  }

  #settleConvict(key: string, convict: Convict, bad: boolean, isProbe: boolean, now: number): void {
    const isKnown = convict.calls > 1
    if (bad) {
      this.#leaning = clamp(this.#leaning + Math.log(0.99 / this.#loud()), -8, 8)
      convict.calls++
      if (isProbe) {
        this.#failed++
        this.#wave = 1
        if (this.#streak.of === convict.generation) this.#streak.calls = 0
      }
      this.#nextAt = now + this.#gap()
      return
    }
    this.#hearGood(key)
    const freed = [key]
    this.#convicts.delete(key)
    if (this.#convicts.size === 0) this.#wave = 1
    this.#freeAt = now
    if (isProbe) {
      const calls = this.#streak.of === convict.generation ? this.#streak.calls + 1 : 1
      this.#streak = { of: convict.generation, calls }
      this.#nextAt = now
      if (isKnown) this.#wave = Math.min(16, this.#wave * 2)
      if (calls >= 3) freed.push(...this.#freeAll(convict.generation))
    }
    if (freed.length > 1 || this.#convicts.size === 0) {
      this.#rest()
      this.#score = 0
      this.#begin()
    }
    this.#write(key, -1)
  }

  #freeAll(generation: number): readonly string[] {
    const all = [...this.#convicts].filter(([, one]) => one.generation === generation).map(([key]) => key)
    for (const key of all) this.#convicts.delete(key)
    if (all.length > 0 && this.#convicts.size === 0) this.#wave = 1
    this.#streak.calls = 0
    return all
  }

  #gap(): number {
    return Math.min(this.#line.maxMs, this.#line.waitMs + this.#line.stepMs * this.#failed)
  }

  #hearGood(key: string): void {
    this.#badRow = []
    this.#goods.push(key)
  }

  #isOminous(): boolean {
    const [first] = this.#badRow
    const isOne = this.#badRow.every((key) => key === first)
    const isOneCell = isOne && this.#goods.slice(-32).some((key) => key !== first)
    return this.#badRow.length >= 3 && !isOneCell
  }

  #isWary(): boolean {
    return this.#raised || this.#score > 0
  }

  #levelOf(key: string): number {
    const { level, at } = this.#cells.get(key) ?? { level: 0, at: 0 }
    if (at > this.#since) return level
    return this.#raised ? 0 : Math.max(0, level)
  }

  #write(key: string, level: number): void {
    this.#cells.set(key, { level, at: this.#outcomes })
  }

  #usually(): number {
    const usual = this.#usual
    return clamp(usual + Math.sqrt((usual * (1 - usual)) / Math.min(2000, this.#known + 20)), 0.01, 0.4)
  }

  #loud(): number {
    return Math.min(0.9, Math.max(this.#noise, this.#usually()))
  }

  #learn(bad: boolean): void {
    const weight = Math.max(1 / 4096, 1 / (20 + this.#known))
    this.#usual += weight * ((bad ? 1 : 0) - this.#usual)
    this.#known++
  }

  #oddsOf(level: number): number {
    const bad = this.#firsts.filter((isBad) => isBad).length + 20 * this.#trouble
    const share = clamp(bad / (this.#firsts.length + 20), 0.005, 0.6)
    return Math.log(share / (1 - share)) + level * (level > 0 ? Math.log(0.99 / this.#usually()) : -Math.log(0.01))
  }

  #isGuilty(level: number): boolean {
    if (level < 1) return false
    if (Math.log(1e-4) + level * Math.log(0.99 / this.#loud()) >= 3) return true
    return this.#raised && this.#leaning >= 3 && this.#oddsOf(level) >= 3
  }

  #lean(level: number, isFirst: boolean, bad: boolean): void {
    if (level !== 0) {
      const odds = Math.exp(this.#oddsOf(level))
      const likely = (odds * 0.99 + this.#usually()) / (1 + odds)
      const by = bad ? Math.log(likely / this.#loud()) : Math.log((1 - likely) / (1 - this.#loud()))
      this.#leaning = clamp(this.#leaning + by, -8, 8)
    }
    if (isFirst) this.#firsts.push(bad)
  }

  #watch(level: number, bad: boolean): void {
    if (this.#raised && level >= 0) return
    const usual = this.#usually()
    const broken = 0.4 + 0.5 * usual
    const before = this.#score
    const score = before + (bad ? Math.log(broken / usual) : Math.log((1 - broken) / (1 - usual)))
    this.#score = Math.max(0, score)
    if (score >= this.#line.threshold) {
      this.#score = 0
      if (this.#raised) {
        this.#since = this.#from
        this.#begin()
      }
      this.#raised = true
    } else if (this.#raised) {
      if (score <= 0) this.#from = this.#outcomes
    } else if (score <= 0) this.#rest()
    else if (before <= 0) this.#begin()
  }

  #rest(): void {
    this.#since = this.#outcomes
    this.#from = this.#outcomes
  }

  #begin(): void {
    this.#generation++
    this.#leaning = -1
    this.#firsts = []
  }
}
