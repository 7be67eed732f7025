import type { UserId } from "#base/index.ts";
import type { Database } from "#platform/index.ts";
import type { Scope } from "../scope.ts";

/**
 * Memberships of a user, oldest first. The one query that comes before a scope exists: it is what a scope is made
 * from, and it is bound to the user of a verified session, or to the one in whose name a job is carried on.
 */
export async function membershipsOf(
  db: Database,
  user: UserId,
): Promise<
  {
    workspaceId: string;
    role: string;
    name: string;
    slug: string;
    user: { name: string; email: string };
  }[]
> {
  const rows = await db.prisma.member.findMany({
    where: { userId: user },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    include: { organization: true, user: { select: { name: true, email: true } } },
  });
  return rows.map((row) => ({
    workspaceId: row.organizationId,
    role: row.role,
    name: row.organization.name,
    slug: row.organization.slug,
    user: row.user,
  }));
}

/** A setting's JSON value, if it is a text. */
export async function readSetting(scope: Scope, db: Database, key: string): Promise<string | null> {
  const row = await db.prisma.workspaceSetting.findUnique({
    where: { workspaceId_key: { workspaceId: scope.workspaceId, key } },
  });
  const value: unknown = row === null ? null : JSON.parse(row.value);
  return typeof value === "string" ? value : null;
}
