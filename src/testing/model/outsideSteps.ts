/** What scripts tell a breaker: how checks of its service end, and which endpoints there are. */
import type { DiscoverySettings, EndpointSet } from "../../../machines/endpointOptions.ts"
import type { HealthSettings } from "../../../machines/healthOptions.ts"
import type { Mood } from "./scripts.ts"
import { longestMs, type Stage, type Steps, settingsOf } from "./stage.ts"
import { down, mixed, send, well } from "./traffic.ts"

/** Ids of scripted endpoints. More than two, so that one that is away is no reason to panic. */
const [first, second] = [
  ["a", "b", "c"],
  ["d", "e", "f"],
]

/** Such that calls may go to them, whatever the config asks of endpoints. */
function endpointsNamed(ids: readonly string[], { where = {}, zone }: Partial<DiscoverySettings>): EndpointSet {
  const metadata = Object.fromEntries(Object.entries(where).map(([key, [value = ""]]) => [key, value]))
  return ids.map((id) => ({ id, address: `${id}.model`, zone, metadata }))
}

/** What a provider tells as soon as it is asked. */
export const toldAtFirst = (settings: Partial<DiscoverySettings>): EndpointSet =>
  endpointsNamed(first as string[], settings)

/** As long as it takes each check to come to an end once. */
const roundMs = ({ interval, jitter, timeout }: HealthSettings): number => interval * (1 + jitter) + timeout + 1

/** So many checks of everything that is checked end like this, those of some endpoints otherwise. */
async function check(
  { scripts, clock }: Stage,
  settings: HealthSettings,
  rounds: number,
  mood: Mood,
  others: { readonly [id: string]: Mood } = {},
): Promise<void> {
  scripts.check.mood = mood
  scripts.check.others.clear()
  for (const [id, other] of Object.entries(others)) scripts.check.others.set(id, other)
  await clock.advance(rounds * roundMs(settings))
}

/** Endpoints that are known now, by their ids. */
const known = ({ breaker }: Stage): readonly string[] =>
  (breaker.assembly.plane.gate.lines.endpoints?.endpoints ?? []).map(({ id }) => id)

/** One is left out by its calls when the others are by their checks; it is tried again while nobody is left out. */
async function panicAndBack(stage: Stage, settings: HealthSettings): Promise<void> {
  const [sick = ""] = known(stage)
  await oneIsSick(stage)()
  await check(stage, settings, settings.fall, "fail", { [sick]: "pass" })
  await send(stage, { answer: well, calls: 200, goesOn: true })
}

/** Where there is one alone it is ill when the service is, and well when the service is. */
async function oneAlone(stage: Stage, settings: DiscoverySettings, checked: HealthSettings | undefined): Promise<void> {
  stage.scripts.provider.tell(endpointsNamed(["a"], settings))
  await stage.clock.advance(toldMs(settings, true))
  if (checked?.check === undefined) return
  await check(stage, checked, checked.fall, "fail")
  await check(stage, checked, checked.rise, "pass")
}

function checkSteps(stage: Stage, isDiscovering: boolean): Steps {
  const settings = settingsOf<HealthSettings>(stage, "health")
  if (settings?.check === undefined) return []
  const { rise, fall } = settings
  const checks = (mood: Mood, rounds: number, others?: () => { readonly [id: string]: Mood }) => () =>
    check(stage, settings, rounds, mood, others?.())
  const one = (mood: Mood) => () =>
    Object.fromEntries(
      known(stage)
        .slice(0, 1)
        .map((id) => [id, mood]),
    )
  return [
    ["checks pass", checks("pass", rise)],
    ["checks fail", checks("fail", fall)],
    ["checks hang", checks("hang", fall)],
    ["one check fails", checks("fail", 1)],
    ...(isDiscovering
      ? ([
          ["checks of one endpoint fail", checks("pass", fall, one("fail"))],
          ["checks of one endpoint pass", checks("fail", rise, one("pass"))],
          [
            "calls to one endpoint fail, then checks of the others, then calls go well",
            () => panicAndBack(stage, settings),
          ],
        ] as const)
      : []),
  ]
}

/** Calls enough in each second to say something, also while a part of them enters. */
function floods(stage: Stage): Steps {
  const settings = settingsOf<HealthSettings>(stage, "health")
  const flood = (answer: typeof well, calls: number) => send(stage, { answer, calls, everyMs: 5, goesOn: true })
  return [
    ["a flood of calls fails", () => flood(down, 800)],
    ["a flood of calls succeeds", () => flood(well, 800)],
    [
      "a flood of calls succeeds, two hours pass, and a few calls more succeed",
      async () => {
        await flood(well, 800)
        await stage.clock.advance("2 hours")
        await send(stage, { answer: well, calls: 3, everyMs: 1500, goesOn: true })
      },
    ],
    [
      "a flood of calls succeeds, then half of them fail",
      async () => {
        await flood(well, 2000)
        await flood(mixed(down, well, 2), 800)
      },
    ],
    ...(settings?.check === undefined
      ? []
      : [
          [
            "checks fail, then calls do, then checks pass",
            async () => {
              await check(stage, settings, settings.fall, "fail")
              await flood(down, 400)
              await check(stage, settings, settings.rise, "pass")
            },
          ] as const,
          [
            "checks pass, a flood of calls succeeds, then most of them fail, then they succeed",
            async () => {
              await check(stage, settings, settings.rise, "pass")
              await flood(well, 2000)
              await flood(mixed(down, well, 4), 1000)
              await flood(well, 800)
            },
          ] as const,
        ]),
  ]
}

/** As long as a list that is told may wait, and a provider that has failed is left alone. */
const toldMs = ({ settle }: DiscoverySettings, isDown: boolean): number => settle + (isDown ? longestMs : 0) + 1

function providerSteps(stage: Stage): Steps {
  const settings = settingsOf<DiscoverySettings>(stage, "discovery")
  if (settings?.provider === undefined) return []
  const { provider } = stage.scripts
  const tell = (list: EndpointSet) => async () => {
    const { isDown } = provider
    provider.tell(list)
    await stage.clock.advance(toldMs(settings, isDown))
  }
  return [
    ["the provider tells of endpoints", tell(toldAtFirst(settings))],
    ["the provider tells of others", tell(endpointsNamed(second as string[], settings))],
    ["the provider tells of none", tell([])],
    [
      "the provider tells of one alone, which falls ill and gets well",
      () => oneAlone(stage, settings, settingsOf<HealthSettings>(stage, "health")),
    ],
    [
      "the provider fails",
      async () => {
        provider.fail()
        await stage.clock.advance(0)
      },
    ],
  ]
}

/** Calls to one endpoint fail, and go well elsewhere. */
const oneIsSick = (stage: Stage) => () => {
  const [sick] = known(stage)
  return send(stage, {
    answer: (context) => (context.endpoint?.id === sick ? down(context) : well(context)),
    calls: 600,
    everyMs: 5,
    goesOn: true,
  })
}

const meantFor = (steps: Steps, ...parts: readonly string[]): Steps => steps.map(([name, run]) => [name, run, parts])

export function outsideSteps(stage: Stage, parts: ReadonlySet<string>): Steps {
  const isDiscovering = parts.has("discovery")
  const health = parts.has("health") ? [...checkSteps(stage, isDiscovering), ...floods(stage)] : []
  const discovery: Steps = [...providerSteps(stage), ["calls to one endpoint fail", oneIsSick(stage)]]
  return [
    ...meantFor(health, "health", "discovery"),
    ...(isDiscovering ? meantFor(discovery, "discovery", "health") : []),
  ]
}
