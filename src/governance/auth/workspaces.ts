import type { UserId } from "#base/index.ts";
import type { Database } from "#platform/index.ts";
import type { Scope } from "../scope.ts";
import { membershipsOf, readSetting } from "./store.ts";

/** The workspace of a scope and all those that its actor is in. */
export type Workspaces = {
  current: { id: string; name: string; slug: string; currency: string };
  all: { id: string; name: string; slug: string }[];
};

/** What the price table counts in, until a workspace says otherwise. */
const defaultCurrency = "USD";

export async function readWorkspaces(db: Database, scope: Scope): Promise<Workspaces> {
  const [memberships, currency] = await Promise.all([
    membershipsOf(db, scope.actor.id as UserId),
    readSetting(scope, db, "currency"),
  ]);
  const all = memberships.map(({ workspaceId, name, slug }) => ({ id: workspaceId, name, slug }));
  const found = all.find((each) => each.id === scope.workspaceId);
  const current = found ?? { id: scope.workspaceId, name: "Workspace", slug: "workspace" };
  return { current: { ...current, currency: currency ?? defaultCurrency }, all };
}
