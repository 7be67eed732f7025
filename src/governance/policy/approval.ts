import type { Permission, Role } from "../roles.ts";
import type { Scope } from "../scope.ts";

/** What may be done with approvals. Deciding one depends on the approval as well: see {@link mayDecide}. */
export const approvalPolicy = {
  see: "workspace.see",
  decide: "approval.decide",
  answer: "form.answer",
} as const satisfies Record<string, Permission>;

/** What the rule needs to know of an approval. */
export type Assignment = {
  readonly kind: string;
  /** Roles that it is assigned to; with no users either: approvers. */
  readonly roles: readonly string[];
  /** Ids or e-mail addresses of people that it is assigned to. */
  readonly users: readonly string[];
  /** Id of the one person who may not decide it: who started the run. */
  readonly excludeUser: string | null;
  /** Asked by a run that only tries a flow out: whoever tries it may answer, as nothing comes of it outside of that run. */
  readonly sandbox?: boolean;
};

/** Who wants to decide. */
export type Candidate = {
  readonly id: string;
  readonly email: string | null;
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<Permission>;
};

export function candidateOf(scope: Scope): Candidate {
  return {
    id: scope.actor.id,
    email: scope.actor.kind === "user" ? scope.actor.email : null,
    roles: scope.roles,
    permissions: scope.permissions,
  };
}

/**
 * The permission that deciding an approval of this kind takes. How a failed task goes on is for whoever answers
 * forms: operators above all, who could start the run again as well. `sandbox`: of a run that only tries a flow out.
 */
export function permissionToDecide(kind: string, sandbox = false): Permission {
  if (sandbox) return approvalPolicy.answer;
  return kind === "form" || kind === "escalation" ? approvalPolicy.answer : approvalPolicy.decide;
}

/**
 * Null if the candidate may decide, else the reason as a sentence. It takes the permission for the kind, and the
 * assignment: being named, or holding a role that is named. Admins and owners stand in for every role, but not for
 * people who are named without a role, and never for who is excluded.
 */
export function whyNotDecide(candidate: Candidate, assignment: Assignment): string | null {
  const form = assignment.kind === "form";
  if (!candidate.permissions.has(permissionToDecide(assignment.kind, assignment.sandbox))) {
    if (assignment.kind === "escalation")
      return "Your roles do not let you decide how a failed task goes on.";
    return form ? "Your roles do not let you answer forms." : "Your roles do not let you decide approvals.";
  }
  if (assignment.excludeUser !== null && assignment.excludeUser === candidate.id) {
    return "Whoever started the run may not decide this.";
  }
  const { users, roles } = assignment;
  const names = users.map((user) => user.toLowerCase());
  if (names.includes(candidate.id.toLowerCase())) return null;
  if (candidate.email !== null && names.includes(candidate.email.toLowerCase())) return null;
  if (users.length > 0 && roles.length === 0) return `This is for ${users.join(", ")} to decide.`;
  const wanted: readonly string[] = roles.length === 0 ? (form ? [] : ["approver"]) : roles;
  if (wanted.length === 0) return null;
  const held = candidate.roles.some((role) => role === "admin" || role === "owner" || wanted.includes(role));
  return held ? null : `This is for members with the role ${wanted.join(" or ")} to decide.`;
}
