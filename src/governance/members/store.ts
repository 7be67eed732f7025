import type { UserId } from "#base/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import { parseRoles } from "../auth/identity.ts";
import type { Role } from "../roles.ts";
import type { Scope } from "../scope.ts";
import type { MemberView } from "./members.ts";

export async function readMembers(
  scope: Scope,
  db: Pick<Database | Transaction, "prisma">,
): Promise<MemberView[]> {
  const rows = await db.prisma.member.findMany({
    where: { organizationId: scope.workspaceId },
    include: { user: true },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
  return rows.map((row) => ({
    userId: row.userId,
    name: row.user.name,
    email: row.user.email,
    roles: parseRoles(row.role),
    createdAt: row.createdAt.getTime(),
  }));
}

/** False: the e-mail address is taken. */
export async function insertUser(
  _scope: Scope,
  tx: Transaction,
  user: { id: UserId; account: string; name: string; email: string; password: string },
): Promise<boolean> {
  const made = await tx.prisma.user.createMany({
    data: [{ id: user.id, name: user.name, email: user.email, emailVerified: true }],
    skipDuplicates: true,
  });
  if (made.count === 0) return false;
  await tx.prisma.account.create({
    data: {
      id: user.account,
      accountId: user.id,
      providerId: "credential",
      userId: user.id,
      password: user.password,
    },
  });
  return true;
}

export async function findAccount(
  _scope: Scope,
  tx: Transaction,
  email: string,
): Promise<{ id: string; name: string; password: string } | null> {
  const user = await tx.prisma.user.findUnique({ where: { email }, include: { accounts: true } });
  const password = user?.accounts.find((account) => account.providerId === "credential")?.password;
  return user === null || typeof password !== "string" ? null : { id: user.id, name: user.name, password };
}

export async function insertWorkspace(
  scope: Scope,
  tx: Transaction,
  name: string,
  slug: string,
): Promise<void> {
  const alike = await tx.prisma.organization.count({ where: { slug: { startsWith: slug } } });
  await tx.prisma.organization.create({
    data: {
      id: scope.workspaceId,
      name,
      slug: alike === 0 ? slug : `${slug}-${scope.workspaceId.slice(-6)}`,
    },
  });
}

/** False: they are a member already. */
export async function insertMember(
  scope: Scope,
  tx: Transaction,
  id: string,
  user: UserId,
  roles: readonly Role[],
): Promise<boolean> {
  const made = await tx.prisma.member.createMany({
    data: [{ id, organizationId: scope.workspaceId, userId: user, role: roles.join(",") }],
    skipDuplicates: true,
  });
  return made.count === 1;
}

export async function updateRoles(
  scope: Scope,
  tx: Transaction,
  user: string,
  roles: readonly Role[],
): Promise<void> {
  await tx.prisma.member.updateMany({
    where: { organizationId: scope.workspaceId, userId: user },
    data: { role: roles.join(",") },
  });
}

export async function deleteMember(scope: Scope, tx: Transaction, user: string): Promise<void> {
  await tx.prisma.member.deleteMany({ where: { organizationId: scope.workspaceId, userId: user } });
}

/** Changes of members happen one after the other, so that two of them can't remove the last two owners. */
export async function lockWorkspace(scope: Scope, tx: Transaction): Promise<void> {
  await tx.query("select id from organization where id = $1 for update", [scope.workspaceId]);
}

/** The secret half of an invitation is kept apart from it, as a hash. */
const invitationKey = (id: string) => `invitation:${id}`;

export async function insertInvitation(
  scope: Scope,
  tx: Transaction,
  invitation: { id: string; email: string; roles: readonly Role[]; hash: string; expiresAt: Date },
): Promise<void> {
  await tx.prisma.invitation.create({
    data: {
      id: invitation.id,
      organizationId: scope.workspaceId,
      email: invitation.email,
      role: invitation.roles.join(","),
      expiresAt: invitation.expiresAt,
      inviterId: scope.actor.id,
    },
  });
  await tx.prisma.verification.create({
    data: {
      id: invitation.id,
      identifier: invitationKey(invitation.id),
      value: invitation.hash,
      expiresAt: invitation.expiresAt,
    },
  });
}

/** Takes a pending invitation: whoever comes second finds none. Rolled back with the transaction. */
export async function takeInvitation(
  _scope: Scope,
  tx: Transaction,
  id: string,
): Promise<{ workspaceId: string; email: string; role: string; hash: string; expiresAt: Date } | null> {
  const taken = await tx.prisma.invitation.updateMany({
    where: { id, status: "pending" },
    data: { status: "accepted" },
  });
  if (taken.count !== 1) return null;
  const invitation = await tx.prisma.invitation.findUniqueOrThrow({ where: { id } });
  const proof = await tx.prisma.verification.findFirst({ where: { identifier: invitationKey(id) } });
  if (proof === null) return null;
  await tx.prisma.verification.deleteMany({ where: { identifier: invitationKey(id) } });
  return {
    workspaceId: invitation.organizationId,
    email: invitation.email,
    role: invitation.role ?? "",
    hash: proof.value,
    expiresAt: invitation.expiresAt,
  };
}
