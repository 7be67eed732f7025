import { BatonError } from "#base/index.ts";
import type { Permission, Role } from "../roles.ts";
import type { Scope } from "../scope.ts";

/** Who sees and changes members. The table of roles is shown to everyone as it stands. */
export const memberPolicy = {
  see: "workspace.see",
  seeRoles: "workspace.see",
  invite: "members.manage",
  setRoles: "members.manage",
  remove: "members.manage",
} as const satisfies Record<string, Permission>;

/**
 * Throws unless the scope may turn a member with the roles `before` into one with the roles `after` (none: removal).
 * Only an owner makes or unmakes an owner. That an owner remains is checked where members are counted.
 */
export function authorizeRoleChange(scope: Scope, before: readonly Role[], after: readonly Role[]): void {
  const touchesOwner = before.includes("owner") || after.includes("owner");
  if (touchesOwner && !scope.permissions.has("workspace.delete")) {
    throw new BatonError("forbidden", "Only an owner may give, change or take away the role of owner.", {
      hint: "Ask an owner of the workspace to do it.",
    });
  }
}
