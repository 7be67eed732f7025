import { BatonError, type WorkspaceId } from "#base/index.ts";
import { permissionsOf, type Permission, type Role } from "./roles.ts";

/** Who acts. `id` of an agent is `agent:<flow>/<name>`. */
export type Actor =
  | { readonly kind: "user"; readonly id: string; readonly name: string; readonly email: string }
  | {
      readonly kind: "agent" | "system" | "cli" | "api-key" | "trigger";
      readonly id: string;
      readonly name: string;
    };

declare const proof: unique symbol;

/**
 * Proof of who asks and in which workspace. Every function of a store takes one, so that no query can be written
 * without it. Made by {@link memberScope} and {@link systemScope} alone.
 */
export type Scope = {
  readonly [proof]: true;
  readonly workspaceId: WorkspaceId;
  readonly actor: Actor;
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<Permission>;
};

export function memberScope(workspaceId: WorkspaceId, actor: Actor, roles: readonly Role[]): Scope {
  return { workspaceId, actor, roles, permissions: permissionsOf(roles) } as Scope;
}

/** The engine and other parts of the system acting for themselves; `id` names the part, e.g. "engine". */
export function systemScope(workspaceId: WorkspaceId, id: string): Scope {
  return {
    workspaceId,
    actor: { kind: "system", id, name: "Baton" },
    roles: [],
    permissions: permissionsOf(["owner"]),
  } as unknown as Scope;
}

/** A trigger that starts a run. It may do that and nothing else. */
export function triggerScope(
  workspaceId: WorkspaceId,
  trigger: { readonly id: string; readonly name: string },
): Scope {
  return {
    workspaceId,
    actor: { kind: "trigger", id: trigger.id, name: trigger.name },
    roles: [],
    permissions: new Set<Permission>(["run.start"]),
  } as unknown as Scope;
}

/** Throws "forbidden" unless the scope has the permission. */
export function authorize(scope: Scope, permission: Permission): void {
  if (!scope.permissions.has(permission)) {
    throw new BatonError(
      "forbidden",
      `${scope.actor.name} may not do this: it needs the permission "${permission}".`,
      {
        hint: "Ask an admin of the workspace for a role that has it.",
      },
    );
  }
}
