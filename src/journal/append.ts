import type pg from "pg";
import { BatonError, type RunId } from "#base/index.ts";
import { isWorthRepeating, metrics } from "#platform/index.ts";
import { type AppendRow } from "./append-statement.ts";
import { type Pending, fillStatement } from "./append-values.ts";
import { type Lane, openLane } from "./lane.ts";
import type { AppendRequest } from "./spec.ts";
import { createTeller } from "./teller.ts";
import type { TextRow } from "./text-rows.ts";

export type Appended = { result: "appended"; at: number } | { result: "fenced" };

/** Appends in groups: what comes in while statements are in flight goes out together with the next one. */
export type Appender = {
  append(request: AppendRequest): Promise<Appended>;
  /** The last event of a run as its claim found it; spares looking it up with each append. */
  note(run: RunId, epoch: number, last: number): void;
  /** The run was given up. */
  forget(run: RunId): void;
  close(): void;
};

export type AppenderOptions = {
  /** Most statements in flight; 4 unless given. */
  readonly lanes?: number;
  /** Requests that must be waiting before another statement joins those in flight; 8 unless given. */
  readonly crowd?: number;
};

const largestGroup = 240;
/** With so many events waiting, another statement is worth its while; more go to the next one, which another lane carries out meanwhile. */
const fullGroup = 600;
const largestText = 4_000_000;
/** With more driven runs than this, appends wait for the others of the same turn of the event loop. */
const fewRuns = 2;
const attempts = 40;
const pauseMs = 250;

type Waiting = Pending & { resolve(result: Appended): void; reject(error: unknown): void };

export function createAppender(pool: pg.Pool, options: AppenderOptions = {}): Appender {
  const teller = createTeller(pool);
  const total = options.lanes ?? 4;
  const crowd = options.crowd ?? 8;
  const lanes = Array.from({ length: total }, () => openLane(pool));
  const free = [...lanes];
  const busy = new Set<RunId>();
  const known = new Map<RunId, { epoch: number; last: number }>();
  let waiting: Waiting[] = [];
  /** Events of those. */
  let events = 0;
  let scheduled = false;

  function pump(): void {
    scheduled = false;
    while (waiting.length > 0 && free.length > 0) {
      const isWorthIt = waiting.length >= Math.max(crowd, busy.size) || events >= fullGroup;
      if (free.length < total && !isWorthIt) return;
      const group = takeGroup();
      const lane = group.length === 0 ? undefined : free.pop();
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
  function takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    const rest: Waiting[] = [];
    const seen = new Set<RunId>();
    let size = 0;
    let taken = 0;
    for (const pending of waiting) {
      const { run } = pending.request;
      // What tells other runs of an end takes their rows: while it holds none of others', no two can wait for each other.
      const lone = pending.request.alone === true || group[0]?.request.alone === true;
      if (lone && group.length > 0) {
        rest.push(pending);
        seen.add(run);
        continue;
      }
      const fits =
        group.length === 0 ||
        (group.length < largestGroup && taken < fullGroup && size + pending.bodies.length <= largestText);
      if (!fits || busy.has(run) || seen.has(run)) {
        rest.push(pending);
      } else {
        group.push(pending);
        size += pending.bodies.length;
        taken += pending.request.events.length;
      }
      seen.add(run);
    }
    waiting = rest;
    events -= taken;
    return group;
  }

  function isNext({ run, epoch, seq }: AppendRequest): boolean {
    const state = known.get(run);
    return state !== undefined && state.epoch === epoch && state.last === seq - 1;
  }

  return {
    append(request) {
      const bodies = request.text ?? JSON.stringify(request.events);
      const { run, epoch, seq } = request;
      return new Promise<Appended>((resolve, reject) => {
        waiting.push({
          request,
          bodies,
          check: !isNext(request),
          resolve(result) {
            if (result.result === "fenced") known.delete(run);
            else {
              known.set(run, { epoch, last: seq + request.events.length - 1 });
              teller.tell(request, request.summary !== undefined);
            }
            resolve(result);
          },
          reject(error) {
            known.delete(run);
            reject(error);
          },
        });
        events += request.events.length;
        if (scheduled) return;
        scheduled = true;
        // Of many runs, all that this turn of the event loop brings goes together; a run alone is not kept waiting.
        if (known.size > fewRuns) setImmediate(pump);
        else queueMicrotask(pump);
      });
    },
    note(run, epoch, last) {
      known.set(run, { epoch, last });
    },
    forget(run) {
      known.delete(run);
    },
    close() {
      teller.close();
      for (const lane of lanes) lane.close();
    },
  };
}

/**
 * Sends the group until its outcome is known. A statement that got no answer may have been committed: the same is sent
 * again, looks at each run's last event, and finds its own events then.
 */
async function commit(lane: Lane, group: readonly Waiting[]): Promise<void> {
  metrics.appendGroups.observe(group.length);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { name, sql, values } = fillStatement(group, attempt > 1);
      await settle(lane, group, (await lane.texts(name, sql, values)).map(appendRow));
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

function appendRow([request, last, at]: TextRow): AppendRow {
  return { request: Number(request), last: Number(last), at: Number(at) };
}

async function settle(lane: Lane, group: readonly Waiting[], rows: readonly AppendRow[]): Promise<void> {
  const answers = new Map(rows.map((row) => [row.request, row]));
  for (const [index, pending] of group.entries()) {
    const row = answers.get(index + 1);
    if (row === undefined) pending.resolve({ result: "fenced" });
    else if (row.last === pending.request.seq - 1) pending.resolve({ result: "appended", at: row.at });
    else if (row.last < pending.request.seq) pending.reject(gap(pending.request, row.last));
    else await compare(lane, pending).then(pending.resolve, pending.reject);
  }
}

const compareSql = `select bodies, (extract(epoch from at) * 1000)::bigint::text as at
  from event_batch where run_id = $1 and seq = $2`;

/** The events were there already: ours from an attempt whose answer got lost, or somebody else's. */
async function compare(lane: Lane, { request, bodies }: Pending): Promise<Appended> {
  const [found] = await lane.query<{ bodies: string; at: string }>("journal_compare", compareSql, [
    request.run,
    request.seq,
  ]);
  if (found?.bodies === bodies) return { result: "appended", at: Number(found.at) };
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
