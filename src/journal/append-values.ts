import { type Json, isObject } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import {
  betweenTexts,
  groupStatement,
  loneStatement,
  mostLoneRows,
  summaryColumns,
} from "./append-statement.ts";
import type { AppendRequest, RunSummary } from "./spec.ts";

/** A request on its way into a statement. */
export type Pending = {
  readonly request: AppendRequest;
  /** JSON text of the list of its events. */
  readonly bodies: string;
  /** Whether the run's last event is not known to be the one before. */
  readonly check: boolean;
};

export type Filled = { readonly name: string; readonly sql: string; readonly values: unknown[] };

/** The statement that appends this group. `again`: an earlier attempt may have been recorded. */
export function fillStatement(group: readonly Pending[], again: boolean): Filled {
  const check = again || group.some((pending) => pending.check);
  const [first] = group;
  if (first !== undefined && group.length === 1) {
    if (first.request.audit.length <= mostLoneRows) return fillLone(first, check);
  }
  return fillGroup(group, check);
}

function fillLone({ request, bodies }: Pending, check: boolean): Filled {
  const { events, audit, summary } = request;
  const values: unknown[] = [request.run, request.epoch, request.seq];
  if (events.length > 0) values.push(request.seq + events.length - 1, bodies);
  for (const { actor, action, subject, path, body } of audit) {
    values.push(
      actor.kind,
      plain(actor.id),
      plain(actor.name),
      action,
      subject.kind,
      plain(subject.id),
      path,
      canonicalText(body),
    );
  }
  const consume = request.consume.length > 0;
  if (consume) values.push(arrayText(request.consume.map(quoted)));
  if (summary !== undefined) values.push(...summaryRow(summary));
  const counts = { events: events.length > 0, audit: audit.length };
  return { ...loneStatement({ ...counts, consume, summary: summary !== undefined, check }), values };
}

function fillGroup(group: readonly Pending[], check: boolean): Filled {
  const runs = columns(3);
  const batches = columns(3);
  const audits = columns(9);
  const consumed = columns(2);
  const summaries = columns(1 + summaryColumns.length);
  for (const [index, { request, bodies }] of group.entries()) {
    const number = index + 1;
    push(runs, quoted(request.run), request.epoch, request.seq);
    const { length } = request.events;
    if (length > 0) push(batches, number, request.seq + length - 1, bodies);
    for (const { actor, action, subject, path, body } of request.audit) {
      const [id, name, what] = [plain(actor.id), plain(actor.name), plain(subject.id)];
      const texts = [actor.kind, id, name, action, subject.kind, what, path].map(quoted);
      push(audits, number, ...texts, canonicalText(body));
    }
    for (const id of request.consume) push(consumed, number, quoted(id));
    if (request.summary !== undefined) push(summaries, number, ...summaryRow(request.summary).map(quoted));
  }
  const audit = isFilled(audits);
  const consume = isFilled(consumed);
  const summary = isFilled(summaries);
  const values = [
    ...runs.map(arrayText),
    ...withTexts(batches),
    ...(audit ? withTexts(audits) : []),
    ...(consume ? consumed.map(arrayText) : []),
    ...(summary ? summaries.map(arrayText) : []),
  ];
  return { ...groupStatement({ audit, consume, summary, check }), values };
}

function columns(count: number): unknown[][] {
  return Array.from({ length: count }, () => []);
}

const arrayText = (column: readonly unknown[]): string => `{${column.join(",")}}`;

/** Columns of which the last holds JSON texts. */
function withTexts(into: readonly unknown[][]): string[] {
  return into.map((column, i) => (i < into.length - 1 ? arrayText(column) : column.join(betweenTexts)));
}

function push(into: readonly unknown[][], ...row: unknown[]): void {
  for (let i = 0; i < row.length; i += 1) into[i]?.push(row[i]);
}

/**
 * An element as Postgres spells it within an array: done here, column by column, as pg takes several times longer.
 * Texts that are JSON have no control characters, so that JSON's own quoting, which is faster still, serves them.
 */
function quoted(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "string") return String(value);
  return /["\\]/.test(value) ? `"${value.replaceAll(/["\\]/g, "\\$&")}"` : `"${value}"`;
}

/** Canonical text of an audit body. Half a surrogate pair has none: it is replaced, so that no odd text stops a run. */
function canonicalText(body: Json): string {
  try {
    return canonicalJson(body);
  } catch {
    return canonicalJson(wellFormed(body));
  }
}

function wellFormed(value: Json): Json {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.toWellFormed(), wellFormed(member as Json)]),
  );
}

function isFilled(rows: readonly unknown[][]): boolean {
  return (rows[0]?.length ?? 0) > 0;
}

function summaryRow(summary: RunSummary): unknown[] {
  const { state, headline, outputs, error, cost, unknownCosts, tokens, steps, tasks, goal } = summary;
  return [
    state,
    plain(headline),
    textOrNull(outputs),
    textOrNull(error),
    cost,
    unknownCosts,
    tokens,
    steps,
    tasks,
    goal?.reached ?? null,
    goal?.reason === undefined ? null : plain(goal.reason),
    isOver(state),
  ];
}

/**
 * Text for a column that holds no JSON. Postgres takes no NUL there, and models and tools may say anything: no odd
 * character stops a run.
 */
export function plain(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
}

/** JSON text of a value, with SQL's null for JSON's. */
export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** Whether a run in this state is over for good. */
export function isOver(state: string): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled" || state === "dead-lettered";
}
