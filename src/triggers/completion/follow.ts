import { isBlobRef, isObject, type Json, type RunId } from "#base/index.ts";
import { evaluateCondition, triggerName, type CompletionState, type ExpressionScope } from "#flow/index.ts";
import { triggerScope, type Scope } from "#governance/index.ts";
import { getRun, loadBlobs, type RunDetails } from "#journal/index.ts";
import { transaction, type Database } from "#platform/index.ts";
import { nowOf } from "../clock.ts";
import { commonScope, mapInputs } from "../inputs.ts";
import { scopeOfCompletion } from "../locate.ts";
import { reasonOf, record, recordIn } from "../outcomes.ts";
import { isLive, longestChain, type TriggerDeps, type TriggerRecord } from "../spec.ts";
import { startOrFail } from "../starting.ts";
import * as store from "../store.ts";

/** The queue's task that looks at a run which ended. */
export const completionTask = "completion";

/**
 * Starts what follows a run that ended. The row that the end left is taken away last; until then, doing it again starts
 * nothing twice, as each start is kept under the end that caused it.
 */
export async function followCompletion(deps: TriggerDeps, id: RunId): Promise<void> {
  const { db } = deps;
  const scope = await scopeOfCompletion(db.pool, id);
  if (scope === null) return;
  const run = await getRun(db, scope, id);
  // A run that was taken up again ends once more.
  if (run.finishedAt !== null) {
    const facts = await factsOf(db, scope, run);
    const depth = (await store.readDepth(scope, db.pool, id)) + 1;
    for (const trigger of await store.readFollowers(scope, db, run.flow.slug)) {
      await follow(deps, scope, trigger, run, facts, depth);
    }
  }
  await db.pool.query(
    `delete from run_completion using run
      where run_completion.run_id = $1 and run.id = $1 and run.finished_at is not distinct from to_timestamp($2::float8 / 1000)`,
    [id, run.finishedAt],
  );
}

async function follow(
  deps: TriggerDeps,
  scope: Scope,
  trigger: TriggerRecord,
  run: RunDetails,
  facts: ExpressionScope,
  depth: number,
): Promise<void> {
  const { definition } = trigger;
  if (definition.kind !== "flow" || !isLive(trigger)) return;
  if (!definition.states.includes(run.state as CompletionState)) return;
  const finishedAt = run.finishedAt ?? 0;
  const key = `end:${run.id}:${finishedAt}`;
  const ended = `${run.flow.title} #${run.number} ${run.state}`;
  if (depth > longestChain) {
    const message = `${ended}, but ${longestChain} flows in a row started each other: the chain ends here.`;
    await record(deps.db, scope, trigger, { outcome: "skipped", message, crowd: key });
    return;
  }
  const now = await nowOf(deps);
  const known = { ...commonScope(trigger, finishedAt, now), ...facts };
  let start;
  try {
    if (definition.when !== undefined && !evaluateCondition(definition.when, known)) {
      const message = `${ended}, and its condition did not hold.`;
      await record(deps.db, scope, trigger, { outcome: "skipped", message, crowd: key });
      return;
    }
    const actor = { id: trigger.id, name: triggerName("flow", trigger.name) };
    start = await deps.starts.prepare(triggerScope(trigger.workspaceId, actor), {
      slug: trigger.flow.slug,
      revision: trigger.revision,
      inputs: mapInputs(trigger, known),
      once: { scope: trigger.id, keys: [key] },
    });
  } catch (error) {
    await record(deps.db, scope, trigger, {
      outcome: "failed",
      message: `${ended}. ${reasonOf(error)}`,
      crowd: key,
    });
    return;
  }
  const begin = start;
  await transaction(deps.db, async (tx) => {
    const result = await startOrFail(tx, begin);
    if ("failed" in result) {
      const message = `${ended}. ${result.failed}`;
      await recordIn(tx, scope, trigger, { outcome: "failed", message, crowd: key });
    } else if (!result.repeated) {
      await recordIn(tx, scope, trigger, { outcome: "started", run: result.id, depth, message: `${ended}.` });
    }
  });
}

/** What expressions know of a run that ended. */
async function factsOf(db: Database, scope: Scope, run: RunDetails): Promise<ExpressionScope> {
  const error = isObject(run.error) ? run.error : null;
  return {
    run: {
      id: run.id,
      number: run.number,
      flow: run.flow.slug,
      state: run.state,
      startedBy: run.startedBy.name,
      simulated: run.simulated,
      cost: run.cost,
      tokens: run.tokens,
      error: error === null ? null : String(error["message"] ?? ""),
      startedAt: new Date(run.createdAt).toISOString(),
      finishedAt: new Date(run.finishedAt ?? run.updatedAt).toISOString(),
    },
    outputs: isObject(run.outputs) ? await wholeOutputs(db, scope, run.outputs as Record<string, Json>) : {},
  };
}

/** Outputs with their large values, which are kept apart. */
async function wholeOutputs(
  db: Database,
  scope: Scope,
  outputs: Record<string, Json>,
): Promise<Record<string, Json>> {
  const apart = Object.values(outputs).filter(isBlobRef);
  const values = await loadBlobs(
    db.pool,
    scope.workspaceId,
    apart.map(({ $blob }) => $blob.hash),
  );
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      isBlobRef(value) ? (values.get(value.$blob.hash) ?? null) : value,
    ]),
  );
}
