export { openLive } from "./client/open.ts";
export type { LiveClient, LiveClientOptions, LiveStatus, Person, Undoable } from "./client/spec.ts";
export { colorOf } from "./colors.ts";
export { flowTextRoot, memoryRoot, memoryTextsRoot, memoryTypingRoot } from "./roots.ts";
export { type Anchor, anchorOf, stretchOf } from "./anchor.ts";
