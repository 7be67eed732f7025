import type pg from "pg";
import { BatonError, type RunId } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import { type Lane, isWorthRepeating, openLane } from "./lane.ts";
import { type AppendRow, appendStatement } from "./append-statement.ts";
import type { AppendRequest } from "./spec.ts";

export type Appended = { result: "appended"; at: number } | { result: "fenced" };

/** Appends in groups: what comes in while statements are in flight goes out together with the next one. */
export type Appender = {
  append(request: AppendRequest): Promise<Appended>;
  close(): void;
};

export type AppenderOptions = {
  /** Most statements in flight. */
  readonly lanes?: number;
  /** Requests that have to wait before another statement joins those in flight. */
  readonly crowd?: number;
};

/** A notification holds at most 8000 bytes; this many run ids fit. */
const largestGroup = 240;
const largestText = 4_000_000;
const attempts = 40;
const pauseMs = 250;

type Pending = {
  readonly request: AppendRequest;
  readonly types: readonly string[];
  readonly bodies: readonly string[];
  readonly size: number;
  resolve(result: Appended): void;
  reject(error: unknown): void;
};

export function createAppender(pool: pg.Pool, options: AppenderOptions = {}): Appender {
  const free: Lane[] = [];
  const total = options.lanes ?? 3;
  const crowd = options.crowd ?? 8;
  for (let i = 0; i < total; i += 1) free.push(openLane(pool));
  const lanes = [...free];
  const busy = new Set<RunId>();
  let waiting: Pending[] = [];
  let scheduled = false;

  function pump(): void {
    scheduled = false;
    while (waiting.length > 0 && free.length > 0) {
      if (free.length < total && waiting.length < crowd) return;
      const group = takeGroup();
      if (group.length === 0) return;
      const lane = free.pop();
      if (lane === undefined) return;
      for (const { request } of group) busy.add(request.run);
      void commit(lane, group).finally(() => {
        for (const { request } of group) busy.delete(request.run);
        free.push(lane);
        pump();
      });
    }
  }

  /** The oldest requests of runs that have none in flight, one a run. */
  function takeGroup(): Pending[] {
    const group: Pending[] = [];
    const rest: Pending[] = [];
    const taken = new Set<RunId>();
    let size = 0;
    for (const pending of waiting) {
      const { run } = pending.request;
      const fits = group.length === 0 || (group.length < largestGroup && size + pending.size <= largestText);
      if (!fits || busy.has(run) || taken.has(run)) {
        rest.push(pending);
      } else {
        group.push(pending);
        size += pending.size;
      }
      taken.add(run);
    }
    waiting = rest;
    return group;
  }

  return {
    append(request) {
      const bodies = request.events.map((event) => JSON.stringify(event));
      let size = 0;
      for (const body of bodies) size += body.length;
      return new Promise<Appended>((resolve, reject) => {
        waiting.push({
          request,
          types: request.events.map((event) => event.type),
          bodies,
          size,
          resolve,
          reject,
        });
        if (!scheduled) {
          scheduled = true;
          queueMicrotask(pump);
        }
      });
    },
    close() {
      for (const lane of lanes) lane.close();
    },
  };
}

/**
 * Sends the group until its outcome is known. A statement that got no answer may have been committed: it is sent again
 * unchanged, and finds its own events then.
 */
async function commit(lane: Lane, group: readonly Pending[]): Promise<void> {
  const { name, sql, values } = statementOf(group);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const rows = await lane.query<AppendRow>(name, sql, values);
      await settle(lane, group, rows);
      return;
    } catch (error) {
      if (isWorthRepeating(error) && attempt < attempts) {
        await new Promise((resolve) => setTimeout(resolve, attempt === 1 ? 0 : pauseMs));
        continue;
      }
      // One bad request must not fail the others of its group.
      if (group.length > 1) for (const pending of group) await commit(lane, [pending]);
      else group[0]?.reject(error);
      return;
    }
  }
}

async function settle(lane: Lane, group: readonly Pending[], rows: readonly AppendRow[]): Promise<void> {
  const answers = new Map(rows.map((row) => [row.request, row]));
  for (const [index, pending] of group.entries()) {
    const row = answers.get(index + 1);
    if (row === undefined) pending.resolve({ result: "fenced" });
    else if (row.last === pending.request.seq - 1)
      pending.resolve({ result: "appended", at: Number(row.at) });
    else if (row.last < pending.request.seq) pending.reject(gap(pending.request, row.last));
    else await compare(lane, pending).then(pending.resolve, pending.reject);
  }
}

const compareSql = `select seq, type, body, (extract(epoch from at) * 1000)::bigint::text as at
  from run_event where run_id = $1 and seq between $2 and $3 order by seq`;

/** The events were there already: ours from an attempt whose answer got lost, or somebody else's. */
async function compare(lane: Lane, { request, types, bodies }: Pending): Promise<Appended> {
  const rows = await lane.query<{ type: string; body: string; at: string }>("journal_compare", compareSql, [
    request.run,
    request.seq,
    request.seq + request.events.length - 1,
  ]);
  const same =
    rows.length === bodies.length && rows.every((row, i) => row.type === types[i] && row.body === bodies[i]);
  const first = rows[0];
  if (same && first !== undefined) return { result: "appended", at: Number(first.at) };
  throw new BatonError(
    "conflict",
    `Events ${request.seq} and following of the run ${request.run} are in its journal already, and are others.`,
    { hint: "Two segments drove this run under one epoch. Report this." },
  );
}

function gap(request: AppendRequest, last: number): BatonError {
  return new BatonError(
    "conflict",
    `Event ${request.seq} of the run ${request.run} would leave a gap: its last event is ${last}.`,
    { hint: "The segment has lost events. Report this." },
  );
}

function statementOf(group: readonly Pending[]): { name: string; sql: string; values: unknown[] } {
  const runs: string[] = [];
  const epochs: number[] = [];
  const seqs: number[] = [];
  const eventColumns: [number[], number[], string[], string[]] = [[], [], [], []];
  const audit: [number[], ...unknown[][]] = [[], [], [], [], [], [], [], [], []];
  const consume: [number[], string[]] = [[], []];
  const summary: [number[], ...unknown[][]] = [[], [], [], [], [], [], [], [], []];
  for (const [index, { request, types, bodies }] of group.entries()) {
    const number = index + 1;
    runs.push(request.run);
    epochs.push(request.epoch);
    seqs.push(request.seq);
    for (const [i, body] of bodies.entries()) {
      eventColumns[0].push(number);
      eventColumns[1].push(request.seq + i);
      eventColumns[2].push(types[i] ?? "");
      eventColumns[3].push(body);
    }
    for (const { actor, action, subject, path, body } of request.audit) {
      pushRow(
        audit,
        number,
        actor.kind,
        actor.id,
        actor.name,
        action,
        subject.kind,
        subject.id,
        path,
        canonicalJson(body),
      );
    }
    for (const id of request.consume) pushRow(consume, number, id);
    if (request.summary !== undefined) {
      const { state, headline, outputs, error, cost, unknownCosts, tokens } = request.summary;
      pushRow(
        summary,
        number,
        state,
        headline,
        textOrNull(outputs),
        textOrNull(error),
        cost,
        unknownCosts,
        tokens,
        isOver(state),
      );
    }
  }
  const parts = {
    audit: audit[0].length > 0,
    consume: consume[0].length > 0,
    summary: summary[0].length > 0,
  };
  const values: unknown[] = [runs, epochs, seqs, ...eventColumns];
  if (parts.audit) values.push(...audit);
  if (parts.consume) values.push(...consume);
  if (parts.summary) values.push(...summary);
  return { ...appendStatement(parts), values };
}

function pushRow(columns: unknown[][], ...row: unknown[]): void {
  for (const [i, value] of row.entries()) columns[i]?.push(value);
}

/** JSON text of a value, with SQL's null for JSON's. */
export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

export function isOver(state: string): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled" || state === "dead-lettered";
}
