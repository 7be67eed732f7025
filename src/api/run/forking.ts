import { BatonError, type Json, type JsonObject, type RunId } from "#base/index.ts";
import type { Flow } from "#flow/index.ts";
import { checkFork, type RunEvent, type Sandbox } from "#flow/machine/index.ts";
import { authorize, runPolicy, runSecrets, type Scope } from "#governance/index.ts";
import { getRun, runEvents } from "#journal/index.ts";
import { loadRevision, pinRevision } from "#library/index.ts";
import type { Database } from "#platform/index.ts";
import { createRun, refuseReferences } from "./starting.ts";

export type RunFork = {
  readonly id: RunId;
  readonly path: string;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly vars: Readonly<Record<string, Json>>;
  readonly newest: boolean;
};

/**
 * Makes a run that goes out from a task of another. Fails with "bad-input" where the task has not begun or stands in a
 * handler, or inputs and variables do not fit, and with "conflict" where the newest revision does not have what the
 * source finished before.
 */
export async function forkRun(
  db: Database,
  scope: Scope,
  { id, path, inputs, vars, newest }: RunFork,
): Promise<{ id: RunId; number: number }> {
  authorize(scope, runPolicy.fork);
  const run = await getRun(db, scope, id);
  const own = await loadRevision(db, scope, run.revisionId);
  // Asked for in any case: a flow that is archived starts nothing. A draft can be tried out before anything was published.
  const latest = run.revision < 0 && !newest ? null : await pinRevision(db, scope, { slug: run.flow.slug });
  const revision =
    newest && latest ? latest : { ...own, flowId: latest?.flowId ?? own.flowId, slug: run.flow.slug };
  // The run holds references to its secrets; the fork seals them anew.
  const source = { ...(run.inputs as JsonObject), ...(await runSecrets(db, scope, run.id)) };
  refuseSecretsGiven(revision.flow, inputs);
  const events = await runEvents(db, scope, run.id);
  checkFork(events, own.flow, revision.flow, path);
  const overrides = readVariables(revision.flow, vars);
  return createRun(db, scope, {
    revision,
    labels: givenLabels(own.flow, run.labels),
    inputs: { ...ofFlow(revision.flow, source), ...inputs },
    ...(run.sandbox ? { sandbox: sandboxOf(events) } : {}),
    forkedFrom: { run: run.id, number: run.number, seq: events.at(-1)?.seq ?? 0, path },
    ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
  });
}

/** What is only tried out is so from another task on as well, and then to its end. */
function sandboxOf(events: readonly RunEvent[]): Sandbox {
  const start = events.find(({ body }) => body.type === "run-started")?.body;
  const given = start?.type === "run-started" ? start.sandbox : undefined;
  return { mocks: given?.mocks ?? {}, questions: given?.questions ?? "ask" };
}

/** The labels that a run was given at its start: those that are not its flow's. */
function givenLabels(flow: Flow, labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name, value]) => flow.labels[name] !== value));
}

/** Those of the source's inputs that the flow still takes. */
function ofFlow(flow: Flow, inputs: JsonObject): Record<string, Json> {
  const known = new Set(flow.inputs.fields.map(({ name }) => name));
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => known.has(name))) as Record<
    string,
    Json
  >;
}

/**
 * What is taken over may show secret inputs of the source in its texts; they are hidden by the run's own inputs, so those
 * stay as they are.
 */
function refuseSecretsGiven(flow: Flow, given: Readonly<Record<string, Json>>): void {
  for (const { name, widget } of flow.inputs.fields) {
    // Whether it is the very same is not looked at: the answer would tell who guesses.
    if (widget !== "secret" || !Object.hasOwn(given, name)) continue;
    throw new BatonError("bad-input", `The secret input "${name}" can't be given in a fork.`, {
      hint: "Leave it out to keep it, or start a new run with another one.",
      details: { fields: { [name]: ["Leave it empty: a fork keeps the secret of its source."] } },
    });
  }
}

function readVariables(flow: Flow, vars: Readonly<Record<string, Json>>): JsonObject {
  for (const [name, value] of Object.entries(vars)) {
    if (!Object.hasOwn(flow.vars, name)) {
      throw new BatonError("bad-input", `The flow has no variable "${name}".`, {
        hint: `Its variables are ${Object.keys(flow.vars).join(", ") || "none"}.`,
        details: { fields: { [name]: ["There is no such variable."] } },
      });
    }
    refuseReferences(name, value);
  }
  return { ...vars };
}
