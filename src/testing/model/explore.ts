/** Finds the paths of a model: from every place where a chart has not stood before, each step that there is, nearest places first. */
import { type Open, type Stride, take, type World } from "./world.ts"

export interface Limits {
  /** Most steps of a path. */
  readonly steps: number
  /** Most worlds that are begun. */
  readonly worlds: number
  /** How many steps in a row that change nothing to be seen are walked on from: what they prepare shows only in the next. */
  readonly quiet: number
}

interface Place {
  readonly steps: readonly string[]
  readonly signature: string
  readonly quiet: number
  /** Whether a chart stands where it never has before; otherwise it is only bound otherwise. */
  readonly isNew: boolean
}

const signatureOf = (world: World): string => [...world.standing(), world.bounds()].join()

const startsWith = (path: readonly Stride[], prefix: readonly Stride[]): boolean =>
  prefix.length <= path.length && prefix.every(({ step }, index) => step === path[index]?.step)

/** Only paths that are no beginning of another: whoever walks that one walks this one. */
const longest = (found: readonly (readonly Stride[])[]): readonly (readonly Stride[])[] =>
  found.filter(
    (one, index) =>
      !found.some(
        (other, place) => place !== index && startsWith(other, one) && (other.length > one.length || place < index),
      ),
  )

class Explorer {
  readonly found: (readonly Stride[])[] = []
  readonly places: Place[] = []
  readonly #open: Open
  readonly #limits: Limits
  readonly #isDone: () => boolean
  readonly #seen = new Set<string>()
  worlds = 0

  constructor(open: Open, limits: Limits, isDone: () => boolean) {
    this.#open = open
    this.#limits = limits
    this.#isDone = isDone
  }

  async #begin(): Promise<World | undefined> {
    if (this.worlds >= this.#limits.worlds || this.#isDone()) return undefined
    this.worlds++
    return this.#open()
  }

  async start(): Promise<void> {
    const world = await this.#begin()
    if (world === undefined) return
    this.#isNew([...world.standing(), world.bounds()])
    world.watch.glimpse()
    this.places.push({ steps: [], signature: signatureOf(world), quiet: 0, isNew: true })
    await world.close()
  }

  /** Each of these steps from one place, as long as there are worlds left. */
  async from(place: Place, names: (world: World, place: Place) => readonly string[]): Promise<void> {
    for (let index = 0; ; ) {
      const world = await this.#begin()
      if (world === undefined) return
      const steps = names(world, place).slice(index)
      index += await this.#tryIn(world, place, steps)
      await world.close()
      if (index >= names(world, place).length) return
    }
  }

  /** What nobody has heard leaves the world as it was, for the next step to be tried. Answers how many were tried. */
  async #tryIn(world: World, place: Place, steps: readonly string[]): Promise<number> {
    const strides: Stride[] = []
    // What moves as it begins is no step's doing.
    world.watch.glimpse()
    for (const before of place.steps) strides.push(await take(world, before))
    for (const [index, step] of steps.entries()) {
      if (!this.#isUntried(world, step)) continue
      const { heard } = world.watch
      const at = world.clock.now()
      await this.#try(world, place, step, strides)
      if (!world.told.has(step) || world.watch.heard > heard || world.clock.now() > at) return index + 1
    }
    return steps.length
  }

  /** Whether some chart that it is meant for has never seen it while it stood so: what each of them makes of it is known. */
  #isUntried(world: World, step: string): boolean {
    const charts = world.concerns.get(step)
    if (charts === undefined) return true
    const standing = world.standing().filter((place) => charts.includes(place.split(" ", 1)[0] as string))
    return this.#isNew(standing.map((place) => `${step} at ${place}`))
  }

  async #try(world: World, place: Place, step: string, before: readonly Stride[]): Promise<void> {
    const { news, heard } = world.watch
    const strides = [...before, await take(world, step)]
    if (world.watch.news > news) this.found.push(strides)
    const signature = signatureOf(world)
    const isQuiet = signature === place.signature
    const isNew = this.#isNew(world.standing())
    const isBound = this.#isNew([world.bounds()])
    const repeats = place.steps.at(-1) === step && world.watch.heard === heard
    const goesOn = isQuiet ? place.quiet < this.#limits.quiet && !repeats : isNew || isBound
    if (!goesOn || strides.length >= this.#limits.steps) return
    const quiet = isQuiet ? place.quiet + 1 : 0
    this.places.push({ steps: [...place.steps, step], signature, quiet, isNew })
  }

  /** Whether any of these has not been seen before. */
  #isNew(parts: readonly string[]): boolean {
    const before = this.#seen.size
    for (const part of parts) this.#seen.add(part)
    return this.#seen.size > before
  }
}

const outside = (world: World, { isNew }: Place) => [...world.steps.keys()].slice(0, isNew ? undefined : world.ordinary)
const told = (world: World, { isNew }: Place) => (isNew ? [...world.told.keys()] : [])

/** The part of all worlds that goes to what happens outside: the rest is for what is told. */
const outsideShare = 0.4

/** Each place once: first where a chart stands anew, last where nothing has seemed to happen for long. Places that are found on the way are taken up, too. */
async function round(
  explorer: Explorer,
  names: (world: World, place: Place) => readonly string[],
  until: number,
  done = new Set<Place>(),
): Promise<void> {
  const rank = ({ isNew, quiet }: Place) => (isNew ? 0 : 1 + quiet)
  const next = () => {
    const left = explorer.places.filter((place) => !done.has(place))
    return left.reduce<Place | undefined>(
      (best, place) => (best === undefined || rank(place) < rank(best) ? place : best),
      undefined,
    )
  }
  for (let place = next(); place !== undefined && explorer.worlds < until; place = next()) {
    done.add(place)
    await explorer.from(place, names)
  }
}

/** The paths that cover what can be covered: first by what happens outside, then by what is told outright. */
export async function explore(
  open: Open,
  limits: Limits,
  isDone: () => boolean,
): Promise<readonly (readonly Stride[])[]> {
  const explorer = new Explorer(open, limits, isDone)
  await explorer.start()
  const seenOutside = new Set<Place>()
  await round(explorer, outside, outsideShare * limits.worlds, seenOutside)
  await round(explorer, told, limits.worlds)
  await round(explorer, outside, limits.worlds, seenOutside)
  return longest(explorer.found)
}
