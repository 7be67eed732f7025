export type * from "./events.ts";
export type * from "./state.ts";
export type * from "./contract.ts";
