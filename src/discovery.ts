/** `recloser/discovery`: providers of endpoints for the component `discovery`. */
export type { EndpointInput, EndpointProvider, EndpointSet, ProviderContext } from "../machines/endpointOptions.ts"
export { type ConsulOptions, fromConsul } from "./consulProvider.ts"
export { type DnsOptions, fromDns } from "./dnsProvider.ts"
export { type FileOptions, fromFile } from "./fileProvider.ts"
export { fromKubernetes, type KubernetesOptions } from "./kubernetesProvider.ts"
