/** `recloser/health`: checks for the component `health` that go over the network. */
export type { CheckContext, HealthCheck } from "../machines/healthOptions.ts"
export type { Endpoint } from "../machines/vocabulary/endpoint.ts"
export { type HttpCheckOptions, httpCheck } from "./httpCheck.ts"
export { type TcpCheckOptions, tcpCheck } from "./tcpCheck.ts"
