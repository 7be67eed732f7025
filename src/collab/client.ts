export type { LiveClient, LiveClientOptions, LiveStatus, Person } from "./client/spec.ts";
