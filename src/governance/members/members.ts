import { randomBytes, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";
import type * as BetterAuthCrypto from "better-auth/crypto";
import { BatonError, type UserId, type WorkspaceId } from "#base/index.ts";
import { sha256, transaction, type Database, type Transaction } from "#platform/index.ts";
import { passwordLength, tellSessionChanged } from "../auth/auth.ts";
import { parseRoles } from "../auth/identity.ts";
import { writeAudit } from "../audit/audit.ts";
import { newId } from "../ids.ts";
import { authorizeRoleChange, memberPolicy } from "../policy/member.ts";
import { permissionsOf, type Permission, type Role } from "../roles.ts";
import { authorize, memberScope, systemScope, type Scope } from "../scope.ts";
import * as store from "./store.ts";
import { createThrottle } from "./throttle.ts";

/** A member as others see them. `createdAt` is epoch milliseconds. */
export type MemberView = { userId: string; name: string; email: string; roles: Role[]; createdAt: number };

const load = createRequire(import.meta.url);
/** Loaded when it is used, as sign-in is. */
const passwords = () => load("better-auth/crypto") as typeof BetterAuthCrypto;

const wrongPasswords = createThrottle(10, 15 * 60_000);

/** An invitation holds for seven days. */
const invitationMs = 7 * 86_400_000;

export async function listMembers(db: Database, scope: Scope): Promise<MemberView[]> {
  authorize(scope, memberPolicy.see);
  return store.readMembers(scope, db);
}

/** Members who hold the permission, with what a policy needs to know of each. */
export async function membersWith(
  tx: Pick<Transaction, "prisma">,
  scope: Scope,
  permission: Permission,
): Promise<(MemberView & { permissions: ReadonlySet<Permission> })[]> {
  const members = await store.readMembers(scope, tx);
  return members
    .map((member) => ({ ...member, permissions: permissionsOf(member.roles) }))
    .filter((member) => member.permissions.has(permission));
}

/** Makes an account. Refuses an e-mail address that has one, as "conflict". */
export async function createUser(
  tx: Transaction,
  account: { name: string; email: string; password: string },
): Promise<UserId> {
  const email = account.email.trim().toLowerCase();
  checkPassword(account.password);
  const id = newId("user");
  const made = await store.insertUser(systemScope("" as WorkspaceId, "accounts"), tx, {
    id,
    account: newId("acct"),
    name: account.name.trim(),
    email,
    password: await passwords().hashPassword(account.password),
  });
  if (!made) {
    throw new BatonError("conflict", `There is an account for ${email} already.`, {
      hint: "Sign in with it.",
    });
  }
  return id;
}

/** Makes a workspace. Its slug is made from the name, with a number where that is taken. */
export async function createWorkspace(tx: Transaction, name: string): Promise<WorkspaceId> {
  const id = newId("ws");
  const slug =
    name
      .toLowerCase()
      .normalize("NFKD")
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 40) || "workspace";
  await store.insertWorkspace(systemScope(id, "setup"), tx, name.trim(), slug);
  return id;
}

export async function addMember(
  tx: Transaction,
  scope: Scope,
  user: UserId,
  roles: readonly Role[],
): Promise<void> {
  const added = await store.insertMember(scope, tx, newId("memb"), user, roles);
  if (!added)
    throw new BatonError("conflict", "They are a member already.", { hint: "Change their roles instead." });
}

/** Invites someone. Answers the token for the link: it is kept as a hash only and cannot be shown again. */
export async function inviteMember(
  db: Database,
  scope: Scope,
  invitation: { email: string; roles: readonly Role[] },
): Promise<{ token: string }> {
  authorize(scope, memberPolicy.invite);
  authorizeRoleChange(scope, [], invitation.roles);
  const email = invitation.email.trim().toLowerCase();
  const id = newId("invt");
  const token = `${id}.${randomBytes(32).toString("base64url")}`;
  await transaction(db, async (tx) => {
    const members = await store.readMembers(scope, tx);
    if (members.some((member) => member.email.toLowerCase() === email)) {
      throw new BatonError("conflict", `${email} is a member already.`, {
        hint: "Change their roles instead.",
      });
    }
    await store.insertInvitation(scope, tx, {
      id,
      email,
      roles: invitation.roles,
      hash: sha256(token),
      expiresAt: new Date(Date.now() + invitationMs),
    });
    await writeAudit(tx, scope, {
      action: "member.invited",
      subject: { kind: "invitation", id },
      body: { email, roles: [...invitation.roles] },
    });
  });
  return { token };
}

/**
 * Accepts an invitation, once. Makes the account; somebody who has one already proves it by its password, and the name
 * is left as it was.
 */
export async function acceptInvitation(
  db: Database,
  acceptance: { token: string; name: string; password: string },
): Promise<{ email: string }> {
  const refused = () =>
    new BatonError("not-found", "This invitation is used up, expired or was never made.", {
      hint: "Ask an admin of the workspace for a new link.",
    });
  const [id] = acceptance.token.split(".");
  if (id === undefined || acceptance.token.length > 200) throw refused();
  return transaction(db, async (tx) => {
    const nobody = systemScope("" as WorkspaceId, "invitations");
    const invitation = await store.takeInvitation(nobody, tx, id);
    if (invitation === null || !sameHash(invitation.hash, sha256(acceptance.token))) throw refused();
    if (invitation.expiresAt.getTime() < Date.now()) throw refused();
    const email = invitation.email;
    const workspace = invitation.workspaceId as WorkspaceId;
    const roles = parseRoles(invitation.role);
    const existing = await store.findAccount(systemScope(workspace, "invitations"), tx, email);
    let user: UserId;
    if (existing === null) {
      user = await createUser(tx, { name: acceptance.name, email, password: acceptance.password });
    } else {
      // Whoever invites knows the link: it must not serve to guess the password of another's account.
      wrongPasswords.check(email);
      if (!(await passwords().verifyPassword({ hash: existing.password, password: acceptance.password }))) {
        wrongPasswords.failed(email);
        throw new BatonError("forbidden", `There is an account for ${email}, and this is not its password.`, {
          hint: "Give the password of that account.",
        });
      }
      user = existing.id as UserId;
    }
    const actor = { kind: "user", id: user, name: existing?.name ?? acceptance.name.trim(), email } as const;
    const scope = memberScope(workspace, actor, roles);
    await addMember(tx, scope, user, roles);
    await writeAudit(tx, scope, {
      action: "member.joined",
      subject: { kind: "user", id: user },
      body: { email, roles, invitation: id },
    });
    return { email };
  });
}

/** Sets a member's roles. The last owner stays one. */
export async function setMemberRoles(
  db: Database,
  scope: Scope,
  user: string,
  roles: readonly Role[],
): Promise<void> {
  authorize(scope, memberPolicy.setRoles);
  await changeMember(db, scope, user, roles, "member.roles-set");
}

/** Removes a member: their streams end, their account stays. The last owner can't be removed. */
export async function removeMember(db: Database, scope: Scope, user: string): Promise<void> {
  authorize(scope, memberPolicy.remove);
  await changeMember(db, scope, user, [], "member.removed");
}

async function changeMember(
  db: Database,
  scope: Scope,
  user: string,
  after: readonly Role[],
  action: "member.roles-set" | "member.removed",
): Promise<void> {
  await transaction(db, async (tx) => {
    await store.lockWorkspace(scope, tx);
    const members = await store.readMembers(scope, tx);
    const member = members.find((each) => each.userId === user);
    if (member === undefined) throw new BatonError("not-found", "There is no such member.");
    authorizeRoleChange(scope, member.roles, after);
    const owners = members.filter((each) => each.roles.includes("owner"));
    if (owners.length === 1 && owners[0] === member && !after.includes("owner")) {
      throw new BatonError("conflict", `${member.name} is the only owner of the workspace.`, {
        hint: "Make somebody else an owner first.",
      });
    }
    if (action === "member.removed") await store.deleteMember(scope, tx, user);
    else await store.updateRoles(scope, tx, user, after);
    await writeAudit(tx, scope, {
      action,
      subject: { kind: "user", id: user },
      body: { email: member.email, before: member.roles, after: [...after] },
    });
    await tellSessionChanged(tx, user);
  });
}

function checkPassword(password: string): void {
  if (password.length < passwordLength.least || password.length > passwordLength.most) {
    throw new BatonError(
      "bad-input",
      `A password has ${passwordLength.least} to ${passwordLength.most} characters; this one has ${password.length}.`,
      {
        hint: "A few unrelated words make a good one.",
        details: { fields: { password: ["Too short or too long."] } },
      },
    );
  }
}

function sameHash(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
