#!/usr/bin/env node
import { run } from "./commands.ts"

const code = await run(process.argv.slice(2))
// A program that was inspected has left its own.
if (code !== 0) process.exitCode = code
