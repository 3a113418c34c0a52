/** `recloser/grpc`: the health checking protocol of gRPC, version 1. Its neighbour is `@grpc/grpc-js`. */
import { type ChannelCredentials, credentials, makeGenericClientConstructor } from "@grpc/grpc-js"
import type { HealthCheck } from "../health.ts"
import { invalid, refuseStrangers } from "../knownOptions.ts"
import { refuseHost, resolveWithin } from "../reachable.ts"
import { placeOf } from "../tcpCheck.ts"

export type { CheckContext, HealthCheck } from "../health.ts"

export interface GrpcCheckOptions {
  /** Where to, as `"10.0.0.7:50051"`, or what makes one of the endpoint that is checked. Default: the endpoint's address. */
  readonly address?: string | ((context: Pick<Parameters<HealthCheck>[0], "endpoint">) => string) | undefined
  /** The service that is asked about; left out: the server as a whole. */
  readonly service?: string | undefined
  /** Default: without TLS. */
  readonly credentials?: ChannelCredentials | undefined
  /** Whether this host itself may be checked. Default: `false`. */
  readonly loopback?: boolean | undefined
}

/** `grpc.health.v1.HealthCheckRequest { string service = 1 }`. */
function written(service: string): Buffer {
  const text = Buffer.from(service)
  return text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a, text.length]), text])
}

const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const

/** `grpc.health.v1.HealthCheckResponse { ServingStatus status = 1 }`, which is one byte; other fields are none of ours. */
function statusIn(bytes: Buffer): string {
  if (bytes.length === 0) return "UNKNOWN"
  return (bytes[0] === 0x08 ? statuses[bytes[1] ?? 0] : undefined) ?? "an answer that cannot be read"
}

const Client = makeGenericClientConstructor(
  {
    check: {
      path: "/grpc.health.v1.Health/Check",
      requestStream: false,
      responseStream: false,
      requestSerialize: written,
      requestDeserialize: String,
      responseSerialize: Buffer.from,
      responseDeserialize: statusIn,
    },
  },
  "grpc.health.v1.Health",
)

type Answer = (error: Error | null, status: string) => void
interface Asking {
  check(service: string, options: { readonly deadline: number }, answer: Answer): { cancel(): void }
}

/**
 * Checks by gRPC's own health service: it passes while that says `SERVING`. It reaches neither link-local addresses nor, unless it is told
 * to, this host itself.
 *
 * @example
 * import { grpcCheck } from "recloser/grpc"
 * import { createBreaker } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const check = grpcCheck({ address: "10.0.0.7:50051", service: "payments.v1.Ledger" })
 * const breaker = createBreaker("ledger", { health: { check, interval: "5 seconds" } })
 * assert.equal(breaker.metrics().components.health?.state, "unknown")
 * await breaker.stop()
 */
export function grpcCheck(options: GrpcCheckOptions = {}): HealthCheck {
  refuseStrangers(options, ["address", "service", "credentials", "loopback"])
  const { address, service = "", credentials: secured = credentials.createInsecure(), loopback = false } = options
  if (Buffer.byteLength(service) > 127) throw invalid("options.service", service, "must be at most 127 bytes long")
  if (typeof address === "string") placeOf(address)
  return async ({ endpoint, signal }) => {
    const { host, port } = placeOf(
      typeof address === "function" ? address({ endpoint }) : (address ?? endpoint?.address),
    )
    const place = await reachable(host, loopback)
    // Nobody hears of an abort that came before.
    signal.throwIfAborted()
    const client = new Client(`${place.includes(":") ? `[${place}]` : place}:${port}`, secured, {
      "grpc.ssl_target_name_override": host,
      "grpc.default_authority": host,
      "grpc.max_receive_message_length": 4096,
      "grpc.enable_retries": 0,
      "grpc.use_local_subchannel_pool": 1,
    })
    try {
      const status = await new Promise<string>((resolve, reject) => {
        const call = (client as unknown as Asking).check(
          service,
          { deadline: Number.POSITIVE_INFINITY },
          (error, answer) => (error === null ? resolve(answer) : reject(error)),
        )
        // The breaker gives each check its time, and aborts it.
        signal.addEventListener("abort", () => call.cancel(), { once: true })
      })
      return status === "SERVING" ? undefined : { healthy: false, reason: status }
    } finally {
      client.close()
    }
  }
}

/** The address of a name, looked at: what was looked at is what is connected to. */
async function reachable(host: string, loopback: boolean): Promise<string> {
  refuseHost(host, { loopback })
  return resolveWithin(host, { loopback })
}
