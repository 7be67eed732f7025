import { BatonError, type FlowId } from "#base/index.ts";
import { authorize, flowPolicy, type Scope, writeAudit } from "#governance/index.ts";
import { notify, transaction, type Database, type Transaction } from "#platform/index.ts";
import type { FlowPause } from "./library.ts";
import * as store from "./store.ts";

/** What else belongs to pausing a flow, or to ending its pause, in its transaction. */
export type AlsoPaused = (tx: Transaction, flow: { readonly id: FlowId }) => Promise<void>;

/** Longest reason, in characters. */
export const longestReason = 500;

/**
 * Keeps a flow from starting runs, whoever asks: people, programs, triggers, other flows. Runs that have begun go on. A flow
 * that is paused already stays so as it was.
 */
export async function pauseFlow(
  db: Database,
  scope: Scope,
  slug: string,
  reason: string,
  also?: AlsoPaused,
): Promise<void> {
  const said = reason.trim().slice(0, longestReason);
  await change(db, scope, slug, said, { action: "flow.paused", body: { slug, reason: said } }, also);
}

/** Lets a flow start runs again, from now on. */
export async function resumeFlow(db: Database, scope: Scope, slug: string, also?: AlsoPaused): Promise<void> {
  await change(db, scope, slug, null, { action: "flow.resumed", body: { slug } }, also);
}

async function change(
  db: Database,
  scope: Scope,
  slug: string,
  reason: string | null,
  entry: { readonly action: string; readonly body: Record<string, string> },
  also: AlsoPaused | undefined,
): Promise<void> {
  authorize(scope, flowPolicy.pause);
  await transaction(db, async (tx) => {
    const flow = await store.setPaused(scope, tx, slug, reason);
    if (flow === null) throw new BatonError("not-found", "There is no such flow.");
    if (!flow.changed) return;
    await also?.(tx, { id: flow.id });
    await writeAudit(tx, scope, { ...entry, subject: { kind: "flow", id: flow.id } });
    await notify(tx, "workspace", `${scope.workspaceId} flow ${flow.id}`);
  });
}

/** Why a run of a paused flow does not start. */
export function pausedFlow(title: string, { by, reason }: Pick<FlowPause, "by" | "reason">): BatonError {
  const why = reason === "" ? "" : ` (${reason})`;
  return new BatonError("conflict", `"${title}" is paused by ${by}${why}: it starts no runs.`, {
    hint: "Resume the flow on its page, then start the run again.",
    details: { paused: true },
  });
}
