import { BatonError, type Json, type RunId } from "#base/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import { type Scope, authorize } from "#governance/index.ts";
import type { Database } from "#platform/index.ts";
import type { RunSummary } from "./spec.ts";
import { readLargeValue, readRun, readRunEvents, readRuns } from "./store.ts";

/** A run as lists show it. Instants are epoch milliseconds. */
export type RunListing = {
  id: RunId;
  /** Counts from 1 within the flow. */
  number: number;
  flow: { id: string; slug: string; title: string };
  /** Number of the revision that it runs. */
  revision: number;
  revisionId: string;
  state: RunSummary["state"];
  headline: string;
  startedBy: { kind: string; id: string; name: string };
  simulated: boolean;
  /** Only tries the flow out. Its revision is below zero where that is a draft. */
  sandbox: boolean;
  createdAt: number;
  updatedAt: number;
  finishedAt: number | null;
  cost: number;
  unknownCosts: number;
  tokens: number;
  labels: Record<string, string>;
  /** By the flow's `success`; null while the run goes on and where the flow does not say what success is. */
  goal: { reached: boolean | null; reason: string } | null;
};

/** A lock that a task of a run holds or waits for. */
export type RunLockView = {
  readonly name: string;
  readonly path: string;
  readonly held: boolean;
  /** How many are before it in line; 0 for the holder. */
  readonly before: number;
  readonly holder: { readonly id: string; readonly number: number; readonly title: string } | null;
};

export type RunDetails = RunListing & {
  /** The task of another run that started this one. */
  parent: { id: string; number: number; flow: string; title: string; path: string; waits: boolean } | null;
  /** Whether it is a part of its parent's work, and so not in lists. */
  internal: boolean;
  locks: readonly RunLockView[];
  inputs: Json;
  outputs: Json;
  error: Json;
  /** The run that it was forked from, and at which task. */
  forkedFrom: { id: string; number: number; path: string } | null;
  /** Runs that were forked from it, the newest first; at most 20. */
  forks: { id: string; number: number; path: string; state: RunSummary["state"] }[];
};

/** Conditions that runs must meet. */
export type RunFilter = {
  /** Id or slug of the flow. */
  readonly flow?: string | undefined;
  readonly state?: readonly RunSummary["state"][] | undefined;
  /** Id of who started it. */
  readonly startedBy?: string | undefined;
  /** Labels that it must have; a value of null: any. */
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
  /** Runs that only try a flow out: no others, or these as well. Left out: none of them. */
  readonly sandbox?: "only" | "too" | undefined;
  /** As answered in `next`. */
  readonly cursor?: string | undefined;
  /** At most 200; 50 when left out. */
  readonly limit?: number | undefined;
};

/** Runs of the workspace, newest first, and the cursor of those before them. */
export async function listRuns(
  db: Database,
  scope: Scope,
  filter: RunFilter,
): Promise<{ rows: RunListing[]; next: string | null }> {
  authorize(scope, "workspace.see");
  const limit = Math.min(Math.max(filter.limit ?? 50, 1), 200);
  const rows = await readRuns(scope, db, filter, limit + 1);
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** A run of the workspace. Throws "not-found" for any other. */
export async function getRun(db: Database, scope: Scope, id: RunId): Promise<RunDetails> {
  authorize(scope, "workspace.see");
  const found = await readRun(scope, db, id);
  if (found !== null) return found;
  throw new BatonError("not-found", `There is no run ${id} in this workspace.`, {
    hint: "Look for it in the list of runs, or ask whoever sent the link for which workspace it is.",
  });
}

/** Events of a run after `after`, in order, at most `limit` (all unless given); none of another workspace's run. */
export async function runEvents(
  db: Database,
  scope: Scope,
  id: RunId,
  after = 0,
  limit = 1_000_000,
): Promise<readonly RunEvent[]> {
  authorize(scope, "workspace.see");
  return readRunEvents(scope, db, id, after, limit);
}

/** A large value of the workspace by its hash, of which events hold only the reference. Throws "not-found" for any other. */
export async function largeValue(db: Database, scope: Scope, hash: string): Promise<Json> {
  authorize(scope, "workspace.see");
  const text = /^[\da-f]{64}$/.test(hash) ? await readLargeValue(scope, db, hash) : null;
  if (text !== null) return JSON.parse(text) as Json;
  throw new BatonError("not-found", "There is no such value in this workspace.", {
    hint: "Open it from the page of the run that holds it.",
  });
}
