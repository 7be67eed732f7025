export { type AddressClass, classifyAddress } from "./address.ts";
export { type EgressPolicy, type Destination, parseEgressList } from "./policy.ts";
export { type Resolver } from "./connect.ts";
export { type OutboundFetch, type OutboundLimits, createOutboundFetch } from "./fetch.ts";
