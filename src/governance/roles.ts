/** What a role may do: the one table. Shown to admins as it stands, asserted below every transport. */
export const permissions = {
  "workspace.see": "See flows, runs, memory and insights",
  "run.start": "Start a run",
  "run.control": "Pause, cancel, retry or fork a run, pause a flow",
  "approval.decide": "Decide an approval assigned to approvers",
  "form.answer": "Answer a form assigned to the role",
  "flow.edit": "Edit a draft, publish a revision, pause and try triggers",
  "run.share": "Share a run by link",
  "comment.write": "Comment on drafts, resolve and reopen comments",
  "audit.read": "Read and export the audit",
  "settings.manage": "Manage tools, secrets, models and budgets",
  "members.manage": "Manage members, roles and API keys",
  "workspace.delete": "Delete the workspace or hand over ownership",
} as const;
export type Permission = keyof typeof permissions;

export const roles = ["viewer", "operator", "approver", "builder", "auditor", "admin", "owner"] as const;
export type Role = (typeof roles)[number];

/** Whoever may see a flow may say something about it. */
const everyone: readonly Permission[] = ["workspace.see", "comment.write"];
const admin: readonly Permission[] = [
  ...everyone,
  "run.start",
  "run.control",
  "approval.decide",
  "form.answer",
  "flow.edit",
  "run.share",
  "audit.read",
  "settings.manage",
  "members.manage",
];

export const roleTable: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: everyone,
  operator: [...everyone, "run.start", "run.control", "form.answer", "run.share"],
  approver: [...everyone, "approval.decide", "form.answer"],
  builder: [...everyone, "run.start", "run.control", "form.answer", "flow.edit", "run.share"],
  auditor: [...everyone, "audit.read"],
  admin,
  owner: [...admin, "workspace.delete"],
};

/** What somebody with these roles may do: the union. */
export function permissionsOf(held: readonly Role[]): ReadonlySet<Permission> {
  return new Set(held.flatMap((role) => roleTable[role]));
}

export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}
