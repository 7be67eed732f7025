import type { UserId, WorkspaceId } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import { log, transaction, type Database } from "#platform/index.ts";
import { appendEntry } from "../audit/store.ts";
import { memberScope, systemScope } from "../scope.ts";
import { findUser, firstWorkspace, membershipsOf, type KnownUser } from "./store.ts";

/** What happened to a session. */
export type SessionEvent = {
  readonly action: "session.signed-in" | "session.sign-in-failed" | "session.signed-out";
  /** By id, or by the e-mail address that was typed. */
  readonly who: { readonly id: string } | { readonly email: string };
  /** Network address of the client. */
  readonly address: string;
  readonly userAgent: string;
};

/** Of what a client says of itself, so many characters are kept. */
const longestWords = 300;

/**
 * Records who came, left, or tried to come, and from where, in each workspace that they are a member of. An attempt for an
 * address that nobody has is recorded in the workspace that was there first. What can't be recorded is logged: a
 * sign-out must not fail for it.
 */
export async function auditSession(db: Database, event: SessionEvent): Promise<void> {
  try {
    await record(db, event);
  } catch (error) {
    const { action, address } = event;
    log.error(
      { action, address, error: String(error) },
      "a session's beginning or end could not be recorded",
    );
  }
}

async function record(db: Database, event: SessionEvent): Promise<void> {
  const user = await findUser(db, event.who);
  const typed = "email" in event.who ? event.who.email : (user?.email ?? "");
  const text = canonicalJson({
    email: plain(typed),
    address: plain(event.address),
    userAgent: plain(event.userAgent),
  });
  const scopes = user === null ? await scopesOfNobody(db) : await scopesOf(db, user);
  if (scopes.length === 0) return;
  const subject = { kind: "user", id: user?.id ?? "unknown" };
  await transaction(db, async (tx) => {
    for (const scope of scopes) {
      await appendEntry(scope, tx, { action: event.action, subject, body: null, text });
    }
  });
}

async function scopesOf(db: Database, user: KnownUser) {
  const memberships = await membershipsOf(db, user.id as UserId);
  const actor = { kind: "user", id: user.id, name: user.name, email: user.email } as const;
  return memberships.map(({ workspaceId }) => memberScope(workspaceId as WorkspaceId, actor, []));
}

async function scopesOfNobody(db: Database) {
  const first = await firstWorkspace(db);
  return first === null ? [] : [systemScope(first as WorkspaceId, "sign-in")];
}

/** Text that the database and the canonical form take, whatever a client sends. */
function plain(text: string): string {
  return text.slice(0, longestWords).toWellFormed().replaceAll("\0", "\uFFFD");
}
