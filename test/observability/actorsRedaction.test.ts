/** What inspectors of actors are told of names: everything that can be reached from what they are handed is written down and read. */
import { createInspector } from "@statelyai/inspect"
import { inspectActors, startXState4Bridge } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { afterEach, expect, test } from "vitest"
import type { AnyActorRef, InspectionEvent } from "xstate"
import { customer, endpoints, feature, found, secretive, secretWords, telltale } from "../support/secretive.ts"
import { connect } from "../support/xstate4/receiver.ts"

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

function stage() {
  const clock = createVirtualClock({ start: 5000 })
  const scene = secretive(clock)
  stops.push(scene.stop)
  return { clock, ...scene }
}

const clear = [telltale, "10.0.0.7", ...secretWords]

function marks() {
  const known = new Map<string, string>()
  return (text: string): string => {
    const mark = known.get(text) ?? `~${known.size + 1}~`
    known.set(text, mark)
    return mark
  }
}

/** All that is in it, methods aside. Charts say nothing of users. */
function written(value: unknown): string {
  const seen = new Set<unknown>()
  const plain = (key: string, one: unknown): unknown => {
    if (typeof one === "bigint" || key === "machine" || key === "logic" || key === "system") return undefined
    if (one instanceof Error) return `${one.name} ${one.message} ${one.stack}`
    if (one instanceof Map) return [...one]
    if (typeof one !== "object" || one === null) return one
    if (seen.has(one)) return undefined
    seen.add(one)
    return one
  }
  return JSON.stringify(value, plain)
}

/** An actor, as far as anybody can ask it. */
const askedOf = (actor: AnyActorRef) => {
  const told: unknown[] = []
  actor.subscribe((snapshot) => told.push(snapshot)).unsubscribe()
  return [actor.getSnapshot(), actor.getPersistedSnapshot(), ...Object.values(actor).map((one) => one as unknown), told]
}

async function told(redact?: (text: string) => string) {
  const scene = stage()
  const actors = new Set<AnyActorRef>()
  let text = ""
  const stop = inspectActors(
    (event: InspectionEvent) => {
      const actor = event.actorRef as AnyActorRef
      if (event.type === "@xstate.actor") {
        actors.add(actor)
        actor.subscribe((snapshot) => {
          text += written(snapshot)
        })
      }
      text += written(event)
    },
    { redact },
  )
  await scene.happen()
  for (const actor of actors) text += written(askedOf(actor))
  stop()
  return { text, actors }
}

test("with redact an inspector of actors is told no name in clear, whatever it asks", async () => {
  const redact = marks()
  const { text } = await told(redact)
  expect(found(text, clear)).toEqual([])
  for (const name of [customer, feature, endpoints[1] ?? ""]) expect(text).toContain(redact(name))
  expect(text).toContain(`${redact(customer)} is open`)
})

test("without it names are told, logins and queries of addresses never", async () => {
  const { text } = await told()
  expect(found(text, secretWords)).toEqual([])
  for (const name of [customer, feature, endpoints[1] ?? ""]) expect(text).toContain(name)
})

test("what stands in for an actor is asked, subscribed to and sent to as the actor itself", async () => {
  const { clock, shop } = stage()
  const roots: AnyActorRef[] = []
  const stop = inspectActors(({ type, actorRef }) => {
    const actor = actorRef as AnyActorRef
    if (type === "@xstate.actor" && !("_parent" in actor && actor._parent)) roots.push(actor)
  })
  const root = roots.find((one) => one.getSnapshot().context.name === "shop")
  const heard: unknown[] = []
  root?.subscribe({ next: ({ context }) => heard.push(context.mode) })
  root?.send({ type: "operator.forceOpen", at: clock.now(), why: "by an inspector" })
  expect([shop.mode, root?.getSnapshot().matches({ mode: "forcedOpen" })]).toEqual(["forcedOpen", true])
  expect(heard.length).toBeGreaterThan(0)
  const child = root?.getSnapshot().children["discovery"]
  expect(child._parent).toBe(root)
  stop()
})

test("Stately's inspector, the real one, is sent no name in clear", async () => {
  const scene = stage()
  let text = ""
  const stately = createInspector({
    send: (event) => {
      text += JSON.stringify(event)
    },
  })
  const redact = marks()
  const stop = inspectActors(stately.inspect, { redact })
  await scene.happen()
  await expect.poll(() => text).toContain(`${redact(customer)} is open`)
  expect(found(text, clear)).toEqual([])
  stop()
  stately.stop()
})

test.each([true, false])("the bridge to XState 4 sends no name in clear: with redact %s", async (hides) => {
  const scene = stage()
  const redact = marks()
  const bridge = await startXState4Bridge(hides ? { redact, control: true } : { control: true })
  stops.push(() => bridge.stop())
  let text = ""
  const socket = new WebSocket(`ws://${bridge.server}`)
  socket.onmessage = ({ data }) => {
    text += String(data).replaceAll("\\", "")
  }
  socket.onopen = () => socket.send(JSON.stringify({ type: "xstate.inspecting" }))
  await expect.poll(() => text).toContain("service.register")
  await scene.happen()
  await expect.poll(() => text).toContain(`${hides ? redact(customer) : customer} is open`)
  expect(found(text, hides ? clear : secretWords)).toEqual([])
  socket.close()
  // The real receiver still finds its way to the actor.
  const receiver = connect(bridge.server)
  const sessions: string[] = []
  receiver.subscribe(({ type, id, sessionId }) => {
    if (type === "service.register" && id === "shop") sessions.push(sessionId ?? "")
  })
  await expect.poll(() => sessions.length).toBe(1)
  const event = JSON.stringify({ name: "operator.forceOpen", data: { type: "operator.forceOpen", why: "by the tool" } })
  receiver.send({ type: "xstate.event", event, service: sessions[0] })
  await expect.poll(() => scene.shop.mode).toBe("forcedOpen")
})
