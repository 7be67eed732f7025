export { type AppRouter, appRouter, createCaller } from "./router.ts";
export { type ApiDeps, type ApiOptions, createApiDeps } from "./deps.ts";
export type { Context, Meta, Requirement } from "./trpc.ts";
export type { ErrorData } from "./errors.ts";
export type { Change } from "./workspace/watch.ts";
export { createFirstWorkspace, type Setup } from "./setup/creating.ts";
export { startRun, startsOf, type RunStart } from "./run/starting.ts";
export { childRuns } from "./run/child.ts";
export type {
  AliasRow,
  EgressView,
  ApprovalView,
  AuditRow,
  BlueprintRow,
  BulkRow,
  CommentRow,
  CommentThread,
  FlowRow,
  DraftView,
  FlowView,
  KnowledgeView,
  Me,
  MemberRow,
  NextReader,
  NotificationRow,
  ProviderRow,
  RunRow,
  RunState,
  RunView,
  ToolRow,
  UploadedFile,
} from "./views.ts";
export { createTrpcHandler, trpcPath } from "./http/trpc.ts";
export { createUploadHandler } from "./http/upload.ts";
export { createHookHandler } from "./http/hook.ts";
export type { Entry as MemoryEntry, ListedEntry, MemoryHead, ReadBy } from "#memory/index.ts";
export type { OutcomeRow, TriggerView, HookAddress, Rehearsal } from "#triggers/index.ts";
export { createStreamHandler } from "./http/stream.ts";
export { createValueHandler } from "./http/value.ts";
