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

export type KnownUser = { readonly id: string; readonly name: string; readonly email: string };

/** Whom a sign-in or sign-out is about, before there is a scope; null where nobody has the address. */
export async function findUser(
  db: Database,
  who: { readonly id: string } | { readonly email: string },
): Promise<KnownUser | null> {
  const where = "id" in who ? { id: who.id } : { email: who.email.trim().toLowerCase() };
  return db.prisma.user.findFirst({ where, select: { id: true, name: true, email: true } });
}

/** The workspace that was made first, or null before setup. */
export async function firstWorkspace(db: Database): Promise<string | null> {
  const row = await db.prisma.organization.findFirst({ orderBy: { createdAt: "asc" }, select: { id: true } });
  return row?.id ?? null;
}
