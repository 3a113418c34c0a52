#!/usr/bin/env node
import { run } from "./commands.ts"

const args = process.argv.slice(2)
const code = await run(args)
// A program that was inspected has left its own.
if (code !== 0) process.exitCode = code
// The module of a config may have started what never ends by itself: an application that it belongs to, say.
if (args.some((arg) => /^--config(?:=|$)/.test(arg))) process.stdout.write("", () => process.exit())
