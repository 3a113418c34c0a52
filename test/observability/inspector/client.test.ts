import { EventEmitter } from "node:events"
import type { ServerResponse } from "node:http"
import { describe, expect, test } from "vitest"
import { Client, stalledMs } from "../../../src/observability/inspector/client.ts"

/** A response to a reader who takes nothing from now on. */
class Sleeper extends EventEmitter {
  readonly written: string[] = []
  isDestroyed = false
  write(text: string): boolean {
    this.written.push(text)
    return false
  }
  destroy(): void {
    this.isDestroyed = true
    this.emit("close")
  }
}

const asleep = () => {
  const sleeper = new Sleeper()
  let gone = 0
  const client = new Client(sleeper as unknown as ServerResponse, undefined, () => gone++)
  return { sleeper, client, gone: () => gone }
}

describe("a page that does not read", () => {
  test("is told nothing more until it reads on, and then everything", () => {
    const { sleeper, client } = asleep()
    client.needsAll = false
    client.send("one", 0)
    for (let second = 1; second < 10; second++) expect(client.isReady(second * 1000)).toBe(false)
    expect([sleeper.written, client.needsAll]).toEqual([["one"], true])
    sleeper.emit("drain")
    expect(client.isReady(10_000)).toBe(true)
  })

  test("is let go when it has not read for long", () => {
    const { sleeper, client, gone } = asleep()
    client.send("one", 0)
    expect(client.isReady(stalledMs)).toBe(false)
    expect(sleeper.isDestroyed).toBe(false)
    client.isReady(stalledMs + 1)
    expect([sleeper.isDestroyed, client.isGone, gone()]).toEqual([true, true, 1])
    client.send("two", stalledMs + 2)
    expect(sleeper.written).toEqual(["one"])
  })
})
