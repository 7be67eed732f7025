export {
  type Address,
  type Author,
  type DocumentKind,
  type Edit,
  type Edited,
  type HistoryEntry,
  type LiveDocuments,
  type LiveLimits,
  type LiveState,
  type NamedVersion,
  type Refusal,
  type RefusalReason,
  type Place,
  type RootRule,
  type Seed,
  type Written,
  closeCodes,
  liveLimits,
  messageRefused,
  messageSaved,
} from "./spec.ts";
export { type Anchor, anchorOf, longestAnchor, stretchOf } from "./anchor.ts";
export { flowKind } from "./kinds/flow.ts";
export { type MemoryKindOptions, memoryKind } from "./kinds/memory.ts";
export { flowTextRoot, memoryRoot, memoryTextsRoot, memoryTypingRoot } from "./roots.ts";
export { createLiveServer, livePath, type LiveServer, type LiveServerOptions } from "./server/server.ts";
export { createLiveDocuments, type LiveDocumentsOptions } from "./documents/documents.ts";
export { replaceText } from "./documents/restore.ts";
export { colorOf } from "./colors.ts";
