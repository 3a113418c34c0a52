import type { CostCase } from "./case.ts"
import { closedCall, closedCallWithTimeout } from "./cases/closed.ts"
import { failingCall } from "./cases/failing.ts"
import { insideFiber } from "./cases/fiber.ts"
import { importCost } from "./cases/imports.ts"
import { keyed } from "./cases/keyed.ts"
import { load } from "./cases/load.ts"
import { looking, pageOfMany } from "./cases/looking.ts"
import { memory } from "./cases/memory.ts"
import { openReject } from "./cases/reject.ts"
import { timers } from "./cases/timers.ts"

export const catalogue: readonly CostCase[] = [
  closedCall,
  closedCallWithTimeout,
  insideFiber,
  openReject,
  failingCall,
  memory,
  timers,
  load,
  importCost,
  keyed,
  looking,
  pageOfMany,
]
