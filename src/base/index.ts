export {
  type Id,
  type WorkspaceId,
  type UserId,
  type FlowId,
  type RevisionId,
  type RunId,
  type ApprovalId,
  type FileId,
  type WorkerId,
  type InboxItemId,
  type NotificationId,
  type TriggerId,
  makeId,
  isId,
} from "./ids.ts";
export {
  type Json,
  type JsonObject,
  type BlobRef,
  type FileRef,
  type SecretRef,
  isObject,
  isBlobRef,
  isFileRef,
} from "./json.ts";
export { type ErrorCode, BatonError, messageOf } from "./errors.ts";
export { type Clock, type Random, never } from "./clock.ts";
