export {
  type People,
  type ApprovalRequest,
  type ApprovalWithdrawal,
  approvalPort,
} from "./approvals/port.ts";
export { type Decision, decideApproval } from "./approvals/decide.ts";
export { type ApprovalDetails, listApprovals, approvalsOfRun, countPending } from "./approvals/view.ts";
export {
  type Message as NotificationMessage,
  type NotificationView,
  notifyUsers,
  notifyMembers,
  listNotifications,
  countUnread,
  markRead,
} from "./notifications/notifications.ts";
export { saveFile, findFiles, openFile } from "./files/files.ts";
export { mediaTypeOf } from "./files/sniff.ts";
export {
  type Comments,
  deleteComment,
  editComment,
  followPin,
  listThreads,
  longestComment,
  reply,
  resolveThread,
  startThread,
} from "./comments/comments.ts";
export type { CommentView, Mention, ThreadView } from "./comments/view.ts";
