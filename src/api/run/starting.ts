import {
  BatonError,
  isFileRef,
  isObject,
  type FileRef,
  type Json,
  type JsonObject,
  type RunId,
} from "#base/index.ts";
import {
  coerceInputs,
  labelProblem,
  secretInputs,
  withoutSecrets,
  type Flow,
  type Limits,
  type RunActor,
} from "#flow/index.ts";
import type { ForkOrigin, ParentLink, Sandbox } from "#flow/machine/index.ts";
import {
  authorize,
  newId,
  runPolicy,
  sealRunSecrets,
  simulatesAll,
  writeAudit,
  type Scope,
} from "#governance/index.ts";
import {
  createRunInTransaction,
  requireLiving,
  runNumber,
  startedUnder,
  takeStartKeys,
  type NewRun,
  type StartKeys,
} from "#journal/index.ts";
import { pinRevision, type PinnedRevision } from "#library/index.ts";
import { findFiles } from "#people/index.ts";
import { slotOf } from "./slot.ts";
import type { StartPort } from "#triggers/index.ts";
import { transaction, type Database, type Queryable, type Transaction } from "#platform/index.ts";

export type RunStart = {
  readonly slug: string;
  readonly revision?: number | undefined;
  /** As a form or a program gives them. Files are `{ $file: { id } }`. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Over those of the flow. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** What was started under one of these keys is not started again. */
  readonly once?: StartKeys | undefined;
};

/** A run. `repeated`: it was started before, under the same key. */
export type StartedRun = { readonly id: RunId; readonly number: number; readonly repeated: boolean };

/** What a run is made of. */
export type NewRunOf = {
  readonly revision: PinnedRevision;
  /** As a form or a program gives them. */
  readonly inputs: Readonly<Record<string, Json>>;
  /** Over those of the flow. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly forkedFrom?: ForkOrigin;
  /** Of a fork: values that variables get instead of their own. */
  readonly overrides?: JsonObject;
  readonly once?: StartKeys | undefined;
  /** Set where it only tries the flow out. */
  readonly sandbox?: Sandbox | undefined;
  /** Of a run that a task of another one starts: the id that it shall have, for whom, and simulated where that one is. */
  readonly child?: {
    readonly id: RunId;
    readonly by: RunActor;
    readonly parent: ParentLink;
    readonly simulated?: boolean;
    readonly limits: Limits;
  };
};

/** A run that is ready to be made: its revision found, its inputs read. */
export type PreparedRun = Omit<NewRunOf, "inputs" | "labels"> & {
  /** Of the flow, and those given over them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly inputs: JsonObject;
  readonly simulated: boolean;
  /** The place that it needs among the runs of its flow. */
  readonly slot?: NewRun["slot"];
};

/**
 * Starts a run of a flow's revision. The run, its first signal and the audit are one transaction. Fails with
 * "bad-input" (details: `{ fields }`) for inputs that are not of the revision's shape, or files that are not there,
 * and with "conflict" for a key that comes again with other inputs.
 */
export async function startRun(db: Database, scope: Scope, start: RunStart): Promise<StartedRun> {
  authorize(scope, runPolicy.start);
  // Asked for first: what was started stays so, whatever became of its flow since.
  const before = start.once === undefined ? null : await startedUnder(db.pool, start.once);
  if (before !== null && start.once !== undefined) return repeatedStart(db.pool, start.once, before);
  const prepared = await prepareStart(db, scope, start);
  return transaction(db, (tx) => startPreparedRun(tx, scope, prepared));
}

/** The run that was started under a key; "conflict" where something else was asked for then. */
async function repeatedStart(
  db: Queryable,
  { asked = "" }: StartKeys,
  known: { readonly run: RunId; readonly asked: string },
): Promise<StartedRun> {
  if (known.asked !== "" && known.asked !== asked) {
    throw new BatonError("conflict", "This idempotency key was used for another start.", {
      hint: "Take a new key for each start; repeat a start with the very same flow and inputs.",
    });
  }
  return { id: known.run, number: await runNumber(db, known.run), repeated: true };
}

/** Makes a run of a pinned revision: the run, its first signal and the audit are one transaction. */
export async function createRun(db: Database, scope: Scope, run: NewRunOf): Promise<StartedRun> {
  const prepared = await prepareRun(db, scope, run);
  return transaction(db, (tx) => startPreparedRun(tx, scope, prepared));
}

async function prepareStart(db: Database, scope: Scope, start: RunStart): Promise<PreparedRun> {
  authorize(scope, runPolicy.start);
  const revision = await pinRevision(db, scope, start);
  return prepareRun(db, scope, { revision, inputs: start.inputs, labels: start.labels, once: start.once });
}

/** Reads all that a run needs to begin. To be done before the transaction that makes it. */
async function prepareRun(db: Database, scope: Scope, run: NewRunOf): Promise<PreparedRun> {
  const { flow } = run.revision;
  const inputs = readInputs(flow, await withKnownFiles(db, scope, run.inputs));
  const aliases = [...new Set(Object.values(flow.agents).map((agent) => agent.model))];
  const labels = { ...flow.labels, ...readRunLabels(run.labels ?? {}) };
  const simulated = run.child?.simulated ?? (await simulatesAll(db, scope, aliases));
  // Its key is shown: a secret is not in it, but the reference that stands for it. What is only tried out takes nobody's place.
  const slot = run.sandbox ? undefined : slotOf(flow, withoutSecrets(flow, inputs).inputs);
  return { ...run, inputs, labels, simulated, ...(slot ? { slot } : {}) };
}

/** Makes the run, in a transaction; or finds the one that was made under its key. */
async function startPreparedRun(
  tx: Transaction,
  scope: Scope,
  { revision, inputs, labels, simulated, forkedFrom, overrides, once, child, slot, sandbox }: PreparedRun,
): Promise<StartedRun> {
  const { flow } = revision;
  const id = child?.id ?? newId("run");
  const { actor } = scope;
  if (once !== undefined) {
    const known = await takeStartKeys(tx, id, once);
    if (known !== null) return repeatedStart(tx, once, known);
  }
  if (child) await requireLiving(tx, child.parent.run as RunId);
  const { inputs: kept, secrets } = withoutSecrets(flow, inputs);
  const number = await createRunInTransaction(tx, {
    id,
    workspace: scope.workspaceId,
    flow: revision.flowId,
    revision: revision.id,
    start: {
      type: "run-started",
      flowId: revision.flowId,
      revisionId: revision.id,
      inputs: kept,
      // The machine works them out when the run begins.
      vars: {},
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
      by: child?.by ?? { kind: actor.kind, id: actor.id, name: actor.name },
      simulated,
      ...(forkedFrom === undefined ? {} : { forkedFrom }),
      ...(child ? { parent: child.parent, limits: child.limits } : {}),
      ...(sandbox ? { sandbox } : {}),
    },
    ...(slot ? { slot } : {}),
    ...(overrides === undefined ? {} : { overrides }),
  });
  await sealRunSecrets(tx, scope, id, secrets);
  const secret = new Set(secretInputs(flow));
  await writeAudit(tx, scope, {
    action: forkedFrom === undefined ? "run.started" : "run.forked",
    subject: { kind: "run", id },
    runId: id,
    body: {
      flow: revision.slug,
      revision: revision.number,
      number,
      simulated,
      ...(sandbox ? { sandbox: { ...sandbox } } : {}),
      ...(forkedFrom === undefined ? {} : { forkedFrom }),
      ...(overrides === undefined ? {} : { overrides }),
      ...(child ? { parent: child.parent.run, path: child.parent.path } : {}),
      inputs: Object.fromEntries(Object.entries(inputs).filter(([name]) => !secret.has(name))),
    },
  });
  return { id, number, repeated: false };
}

/** How triggers start runs. */
export function startsOf(db: Database): StartPort {
  return {
    async prepare(scope, start) {
      const prepared = await prepareStart(db, scope, start);
      return (tx) => startPreparedRun(tx, scope, prepared);
    },
  };
}

function readRunLabels(given: Readonly<Record<string, string>>): Record<string, string> {
  const wrong = labelProblem(given);
  if (wrong === undefined) return { ...given };
  throw new BatonError("bad-input", `The labels of the run do not fit. ${wrong}`, {
    hint: "A label is a name and one line of text, such as team: support.",
  });
}

function readInputs(flow: Flow, given: Readonly<Record<string, Json>>): JsonObject {
  const read = coerceInputs(flow.inputs, given);
  if (read.ok) return read.value;
  const entries = Object.entries(read.errors);
  const [name, message] = entries[0] ?? ["", "They are not of the flow's shape."];
  const more = entries.length > 1 ? ` And ${entries.length - 1} more.` : "";
  throw new BatonError(
    "bad-input",
    `The inputs do not fit the flow. ${name === "" ? "" : `${name}: `}${message}${more}`,
    {
      hint: "Correct the marked fields, then start again.",
      details: { fields: Object.fromEntries(entries.map(([field, text]) => [field, [text]])) },
    },
  );
}

/**
 * Puts what is known of each file in the place of what the caller said of it: only the id is taken at its word, and
 * only for files of the workspace.
 */
async function withKnownFiles(
  db: Database,
  scope: Scope,
  inputs: Readonly<Record<string, Json>>,
): Promise<Record<string, Json>> {
  const ids = new Set<string>();
  for (const [name, value] of Object.entries(inputs)) {
    refuseReferences(name, value);
    collectFiles(value, ids);
  }
  const files = await findFiles(db, scope, [...ids]);
  const known: Record<string, Json> = {};
  for (const [name, value] of Object.entries(inputs)) {
    known[name] = replaceFiles(value, files, () => {
      throw new BatonError("bad-input", `The file of "${name}" is not there.`, {
        hint: "Upload it again.",
        details: { fields: { [name]: ["This file is not there. Upload it again."] } },
      });
    });
  }
  return known;
}

/** Words that mark references of Baton's own: to a value kept elsewhere, to a secret. Nobody may bring these along. */
const reserved = ["$blob", "$secret", "$template"] as const;

export function refuseReferences(name: string, value: Json): void {
  if (Array.isArray(value)) for (const item of value) refuseReferences(name, item as Json);
  else if (isObject(value)) {
    const found = reserved.find((word) => Object.hasOwn(value, word));
    if (found !== undefined) {
      throw new BatonError(
        "bad-input",
        `"${name}" has a member named "${found}", which only Baton itself writes.`,
        {
          hint: "Give it another name.",
          details: { fields: { [name]: [`A member may not be named "${found}".`] } },
        },
      );
    }
    for (const item of Object.values(value)) refuseReferences(name, item as Json);
  }
}

function collectFiles(value: Json, into: Set<string>): void {
  if (isFileRef(value)) into.add(String(value.$file.id));
  else if (Array.isArray(value)) for (const item of value) collectFiles(item, into);
  else if (isObject(value)) for (const item of Object.values(value)) collectFiles(item as Json, into);
}

function replaceFiles(value: Json, files: ReadonlyMap<string, FileRef["$file"]>, missing: () => never): Json {
  if (isFileRef(value)) return { $file: files.get(String(value.$file.id)) ?? missing() };
  if (Array.isArray(value)) return value.map((item: Json) => replaceFiles(item, files, missing));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, replaceFiles(item as Json, files, missing)]),
    );
  }
  return value;
}
