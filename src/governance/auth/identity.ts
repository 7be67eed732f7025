import { BatonError, type UserId, type WorkspaceId } from "#base/index.ts";
import type { Database } from "#platform/index.ts";
import { memberScope, type Scope } from "../scope.ts";
import { isRole, type Role } from "../roles.ts";
import type { Auth } from "./auth.ts";
import { membershipsOf } from "./store.ts";

/** Names the workspace that a request is for; without it, the one that the person joined first. */
export const workspaceHeader = "x-baton-workspace";

/** Finds out who asks. */
export type Identity = {
  /**
   * The scope of the session's cookie, or null where there is no session that is in force. Roles are read anew each
   * time, so that a change of them holds from the next request. Fails with "forbidden" for someone who is in no
   * workspace, and with "not-found" for a workspace that they are not in.
   */
  scopeFromHeaders(headers: Headers): Promise<Scope | null>;
};

export function createIdentity(db: Database, auth: Auth): Identity {
  return {
    async scopeFromHeaders(headers) {
      const session = await auth.api.getSession({ headers });
      if (session === null) return null;
      const { user } = session;
      const memberships = await membershipsOf(db, user.id as UserId);
      const wanted = headers.get(workspaceHeader);
      const membership =
        wanted === null ? memberships[0] : memberships.find((each) => each.workspaceId === wanted);
      if (membership === undefined && wanted !== null) {
        throw new BatonError("not-found", "There is no such workspace.", {
          hint: "Open Baton without naming a workspace.",
        });
      }
      if (membership === undefined) {
        throw new BatonError("forbidden", "You are not a member of a workspace.", {
          hint: "Ask an admin to invite you again.",
        });
      }
      return memberScope(
        membership.workspaceId as WorkspaceId,
        { kind: "user", id: user.id, name: user.name, email: user.email },
        parseRoles(membership.role),
      );
    },
  };
}

/** Roles as a membership keeps them: joined by commas. Unknown ones are dropped. */
export function parseRoles(text: string): Role[] {
  return text.split(",").filter(isRole);
}

/** The scope of a member as their roles are now, for what is carried on in their name. Null: they are none any more. */
export async function scopeOfMember(
  db: Database,
  workspace: WorkspaceId,
  user: UserId,
): Promise<Scope | null> {
  const membership = (await membershipsOf(db, user)).find(({ workspaceId }) => workspaceId === workspace);
  if (membership === undefined) return null;
  const { name, email } = membership.user;
  return memberScope(workspace, { kind: "user", id: user, name, email }, parseRoles(membership.role));
}
