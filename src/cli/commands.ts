/** The command line: its commands, their options, and what their errors come to. Nothing happens until `run` is called. */
import { createRequire } from "node:module"
import { Command, CommanderError, Option } from "commander"
import { standardSeeds } from "../testing/simulation/seeds.ts"
import type { CoverageOptions } from "./coverage/command.ts"
import * as options from "./demo/options.ts"
import type { DetectOptions } from "./detect/options.ts"
import type { DiagramOptions } from "./diagram/command.ts"
import type { InspectOptions } from "./inspect/command.ts"
import type { OperateOptions } from "./operate/command.ts"
import type { ReplayOptions } from "./replay/command.ts"
import { conflictOf, type SimulateOptions } from "./simulate/options.ts"
import { inert } from "./whyNot.ts"

// By the package's own name, so that it is found from the sources and from the built file alike.
const manifest = createRequire(import.meta.url)("recloser/package.json") as { readonly version: string }

const WRONG_USE = 2
const FAILED = 1

const program = new Command("recloser")
  .description("Circuit breakers you can see and test.")
  .version(manifest.version)
  .showHelpAfterError("(recloser --help lists the commands)")
  .exitOverride()
  .configureOutput({ writeErr: (text) => void process.stderr.write(inert(text)) })
  .enablePositionalOptions()
  .addHelpText(
    "after",
    `
Examples:
  recloser demo                                          watch an incident for ${options.DEFAULT_DURATION} seconds
  recloser demo --to http://127.0.0.1:3000 --port 8080   protect a service of yours
  recloser simulate S1 --config ./breaker.config.js      what a config of yours is worth in an outage
  recloser diagram gradual --format svg > gradual.svg    the statechart that runs, drawn
  recloser coverage --config ./breaker.config.js > covered.svg    every arrow that a test can take, lit
  recloser replay incident.ndjson --config '{"strategy":"basic"}'   a recorded incident, under another config
  recloser detect --input load.csv --output scores.csv   how unusual each measurement was`,
  )

program
  .command("demo")
  .description(
    "Play an incident over real sockets on loopback: services fail and recover behind a gateway with breakers " +
      "and a twin without. With --to, protect a real service instead.",
  )
  .option(
    "--duration <seconds>",
    `length of the run (default: ${options.DEFAULT_DURATION}; with --to, until Ctrl-C)`,
    options.numberBetween(1, 3600),
  )
  .addOption(
    new Option(
      "--scenario <name>",
      "incident: three services fail; overload: more is asked of one than it can do; dependency: one of three endpoints fails, then " +
        "all of a service that others need (default: incident)",
    ).choices([...options.SCENARIOS]),
  )
  .option("--port <n>", "port of the gateway on 127.0.0.1; 0 = any free one", options.wholeBetween(0, 65_535), 0)
  .option(
    "--rate <n>",
    `requests a second (default: ${options.DEFAULT_RATE}, at most ${options.MOST_RATE}; with --to none unless given, at most ${options.MOST_RATE_TO})`,
    options.numberBetween(1, options.MOST_RATE),
  )
  .option(
    "--seed <n>",
    "seed of the load and of the service times (default: a random one, shown)",
    options.wholeBetween(0, 2 ** 32 - 1),
  )
  .option("--no-inspect", "without the page that shows the breakers")
  .option("--record <file>", "record the breakers, for recloser replay")
  .option("--to <url>", "forward to this service, and to nothing else, through one breaker", options.baseUrl)
  .option("--json", "one JSON object a line, the last one the summary")
  .option("--no-color", "no colour (NO_COLOR is respected too)")
  .action(async (given: Partial<options.DemoOptions>, command: Command) => {
    const asked = complete(given)
    const conflict = options.conflictOf(asked, given.scenario !== undefined)
    if (conflict !== undefined) command.error(`error: ${conflict}`)
    // Loaded when it is needed: a wrong option is answered without starting the library.
    const { demo } = await import("./demo/command.ts")
    await demo(asked)
  })

program
  .command("simulate")
  .description(
    "Play a scenario of the benchmark suite in virtual time, with the breaker that runs in production: without a breaker, " +
      "with the default config, and with yours. Without a scenario: list them.",
  )
  .argument("[scenario]", "S1 to S13")
  .option("--config <file or JSON>", "your config: a module that exports it as default, a .json file, or JSON itself")
  .option("--seeds <list>", `the seeds to run, as 1-20 or 3,5,8 (default: ${standardSeeds})`)
  .option("--only <text>", 'only worlds whose name contains this, as "100 rps, 30 s"')
  .option("--full", "worlds at their full length, where the standard one is shortened")
  .option("--json", 'one JSON object a line, the last one the summary; "never" stands for infinity')
  .option("--no-color", "no colour (NO_COLOR is respected too)")
  .action(async (scenario: string | undefined, given: Partial<SimulateOptions>, command: Command) => {
    const { config, seeds, only, full = false, json = false, color = true } = given
    const asked = { scenario, config, seeds, only, full, json, color }
    const refuse = (why: string): never => command.error(`error: ${why}`)
    const conflict = conflictOf(asked)
    if (conflict !== undefined) refuse(conflict)
    const { simulate } = await import("./simulate/command.ts")
    await simulate(asked, refuse)
  })

program
  .command("diagram")
  .description(
    "Draw the statecharts that run: one machine by its name, or all that a config runs (default: those of the default config).",
  )
  .argument("[machine]", "a strategy, a component, or breaker for the root")
  .addOption(
    new Option("--format <language>", "what it is drawn in")
      .choices(["mermaid", "dot", "scxml", "svg"])
      .default("mermaid"),
  )
  .option("--config <file or JSON>", "your config: a module that exports it as default, a .json file, or JSON itself")
  .action(async (machine: string | undefined, given: Omit<DiagramOptions, "machine">, command: Command) => {
    const { diagram } = await import("./diagram/command.ts")
    await diagram({ machine, format: given.format, config: given.config }, (why) => command.error(`error: ${why}`))
  })

program
  .command("inspect")
  .description(
    "Show a program of yours while it runs, or a recorded incident, on a page of this machine: which service fails, why calls are " +
      "refused, and when the next probe comes.",
  )
  .argument("<file>", "a program to run with the inspector in it, or a recording")
  .argument("[args...]", "what the program is given")
  .option("--port <n>", "port of the page on 127.0.0.1; 0 = any free one", options.wholeBetween(0, 65_535), 0)
  .option("--control", "let the page force open, bypass, shadow and release")
  .option("--record <file>", "record the breakers of the program, for recloser replay")
  .option("--partial", "take what is whole of a recording that was cut off")
  .passThroughOptions()
  .action(async (file: string, args: string[], given: Partial<InspectOptions>, command: Command) => {
    const { port = 0, control = false, record, partial = false } = given
    const { inspect } = await import("./inspect/command.ts")
    await inspect({ file, args, port, control, record, partial }, (why) => command.error(`error: ${why}`))
  })

program
  .command("operate")
  .description(
    "Act on a breaker of a running program, whose inspector was started with control: force it open, bypass it, let it decide in " +
      "shadow, or release it. The reason is logged there.",
  )
  .argument("<act>", "force-open, bypass, shadow or release")
  .argument("<breaker>", "its name, or the id that it has in the page's address")
  .requiredOption("--why <reason>", "the reason, 1 to 300 characters")
  .addOption(
    new Option(
      "--inspector <address>",
      "the address that the program printed; others on this machine see a command line, and not what is in its environment",
    )
      .env("RECLOSER_INSPECTOR")
      .makeOptionMandatory(),
  )
  .action(async (act: string, breaker: string, given: Pick<OperateOptions, "why" | "inspector">, command: Command) => {
    const { operate } = await import("./operate/command.ts")
    await operate({ act, breaker, ...given }, (why) => command.error(`error: ${why}`))
  })

program
  .command("replay")
  .description(
    "Play a recorded incident again, decision by decision: forwards and backwards on a terminal, as lines on a pipe. With " +
      "--config: what another config would have decided about the same calls, beside what was decided.",
  )
  .argument("<file>", "a recording, made by startRecorder of recloser/inspect")
  .option(
    "--config <file or JSON>",
    "another config: a module that exports it as default, a .json file, or JSON itself",
  )
  .option("--partial", "take what is whole of a recording that was cut off")
  .option("--json", "one JSON object a line")
  .action(async (file: string, given: Partial<ReplayOptions>, command: Command) => {
    const { config, partial = false, json = false } = given
    const { replay } = await import("./replay/command.ts")
    await replay({ file, config, partial, json }, (why) => command.error(`error: ${why}`))
  })

program
  .command("coverage")
  .description(
    "Walk a breaker through every transition that its charts can make, and draw what was covered: green arrows were taken, dashed " +
      "red ones were not. Default: the default config.",
  )
  .option("--config <file or JSON>", "your config: a module that exports it as default, a .json file, or JSON itself")
  .addOption(new Option("--format <format>", "what to print").choices(["svg", "text", "json"]).default("svg"))
  .action(async ({ config, format }: CoverageOptions, command: Command) => {
    const { coverage } = await import("./coverage/command.ts")
    await coverage({ config, format }, (why) => command.error(`error: ${why}`))
  })

program
  .command("detect")
  .description(
    "Look for anomalies in a stream of measurements: reads timestamp,value and writes timestamp,value,anomaly_score,label " +
      "row by row. A score depends on the rows before it and on nothing else; label is 1 where the score says anomaly.",
  )
  .requiredOption("--input <file>", "CSV with a timestamp and a value a row; - reads standard input")
  .requiredOption("--output <file>", "where the scores go; - writes standard output")
  .option("--strict", "end at the first row that is missing something, repeats a time or goes back in it")
  .action(async ({ input, output, strict = false }: DetectOptions) => {
    const { detect } = await import("./detect/command.ts")
    await detect({ input, output, strict })
  })

for (const command of program.commands) command.showHelpAfterError(`(see recloser ${command.name()} --help)`)

function complete(given: Partial<options.DemoOptions>): options.DemoOptions {
  return {
    duration: given.duration,
    port: given.port ?? 0,
    seed: given.seed ?? options.randomSeed(),
    rate: given.rate,
    json: given.json ?? false,
    color: given.color ?? true,
    to: given.to,
    inspect: given.inspect ?? true,
    record: given.record,
    scenario: given.scenario ?? "incident",
  }
}

/** Errors that say in words for users what is wrong: told without a stack. By name, so that nothing is loaded to know them. */
const knownErrors = ["PortUnavailable", "CannotDetect", "CannotRecord"]

/**
 * Runs a command line, without the name of the program. Answers the exit code: 0, 1 where it failed, 2 where it was misused; what is wrong
 * stands on standard error by then. No process.exit: a run that closed everything ends by itself.
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(args, { from: "user" })
    return 0
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  // Commander has written its message already; exit code 0 is --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE
  const known = error instanceof Error && knownErrors.includes(error.name)
  console.error(`recloser: ${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : error}`)
  return FAILED
}
