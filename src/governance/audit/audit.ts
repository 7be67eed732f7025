import { BatonError, type Json } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import { authorize, type Scope } from "../scope.ts";
import { auditPolicy } from "../policy/audit.ts";
import { appendEntry, readEntries } from "./store.ts";

/** One thing that was done. */
export type AuditRecord = {
  /** Noun-verb in the past, e.g. "flow.published". */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly runId?: string;
  readonly path?: string;
  /** Facts: before and after of a change, the canonical bytes of an action. Never a secret. */
  readonly body: Json;
};

/**
 * Records what the scope's actor did. Takes the transaction of the thing itself, so that neither exists without the
 * other. The body is kept as canonical text (RFC 8785).
 */
export async function writeAudit(tx: Transaction, scope: Scope, record: AuditRecord): Promise<void> {
  await appendEntry(scope, tx, { ...record, text: canonicalJson(record.body) });
}

/** Conditions that entries must meet. */
export type AuditFilter = {
  readonly runId?: string | undefined;
  /** Id of the actor, or a part of its name. */
  readonly actor?: string | undefined;
  /** Words that stand in the action: "flow" and "flow published" find "flow.published". */
  readonly action?: string | undefined;
  /** As answered in `next`. */
  readonly cursor?: string | undefined;
  /** At most 200; 50 when left out. */
  readonly limit?: number | undefined;
};

/** An entry as it is read. Instants are epoch milliseconds; `body` is canonical JSON text. */
export type AuditEntry = {
  seq: string;
  at: number;
  actor: { kind: string; id: string; name: string };
  action: string;
  subject: { kind: string; id: string };
  runId: string | null;
  /** The run as people call it: the flow's title, and its number within the flow. Null where there is none any more. */
  run: { flow: string; number: number } | null;
  path: string | null;
  body: string;
};

/** Entries of the workspace, newest first, and the cursor of those before them. Needs "audit.read". */
export async function listAudit(
  db: Database,
  scope: Scope,
  filter: AuditFilter,
): Promise<{ rows: AuditEntry[]; next: string | null }> {
  authorize(scope, auditPolicy.read);
  const limit = Math.min(Math.max(filter.limit ?? 50, 1), 200);
  if (filter.cursor !== undefined && !/^\d{1,18}$/.test(filter.cursor)) {
    throw new BatonError("bad-input", "The cursor is not one that this list answered.", {
      hint: "Start from the first page.",
    });
  }
  const rows = await readEntries(scope, db, filter, limit + 1);
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
}
