import {
  BatonError,
  isFileRef,
  isObject,
  type FileRef,
  type Json,
  type JsonObject,
  type RunId,
} from "#base/index.ts";
import { coerceInputs, type Flow } from "#flow/index.ts";
import type { ForkOrigin } from "#flow/machine/index.ts";
import { authorize, newId, runPolicy, simulatesAll, writeAudit, type Scope } from "#governance/index.ts";
import { createRunInTransaction } from "#journal/index.ts";
import { pinRevision, type PinnedRevision } from "#library/index.ts";
import { findFiles } from "#people/index.ts";
import { transaction, type Database } from "#platform/index.ts";

export type RunStart = {
  readonly slug: string;
  readonly revision?: number | undefined;
  /** As a form or a program gives them. Files are `{ $file: { id } }`. */
  readonly inputs: Readonly<Record<string, Json>>;
};

/**
 * Starts a run of a flow's revision. The run, its first signal and the audit are one transaction. Fails with
 * "bad-input" (details: `{ fields }`) for inputs that are not of the revision's shape, or files that are not there.
 */
export async function startRun(
  db: Database,
  scope: Scope,
  start: RunStart,
): Promise<{ id: RunId; number: number }> {
  authorize(scope, runPolicy.start);
  const revision = await pinRevision(db, scope, start);
  return createRun(db, scope, { revision, inputs: start.inputs });
}

export type NewRunOf = {
  readonly revision: PinnedRevision;
  /** As a form or a program gives them. */
  readonly inputs: Readonly<Record<string, Json>>;
  readonly forkedFrom?: ForkOrigin;
  /** Of a fork: values that variables get instead of their own. */
  readonly overrides?: JsonObject;
};

/** Makes a run of a pinned revision: the run, its first signal and the audit are one transaction. */
export async function createRun(
  db: Database,
  scope: Scope,
  { revision, inputs: given, forkedFrom, overrides }: NewRunOf,
): Promise<{ id: RunId; number: number }> {
  const { flow } = revision;
  const inputs = readInputs(flow, await withKnownFiles(db, scope, given));
  const aliases = [...new Set(Object.values(flow.agents).map((agent) => agent.model))];
  const simulated = await simulatesAll(db, scope, aliases);
  const id = newId("run");
  const { actor } = scope;
  return transaction(db, async (tx) => {
    const number = await createRunInTransaction(tx, {
      id,
      workspace: scope.workspaceId,
      flow: revision.flowId,
      revision: revision.id,
      start: {
        type: "run-started",
        flowId: revision.flowId,
        revisionId: revision.id,
        inputs,
        // The machine works them out when the run begins.
        vars: {},
        by: { kind: actor.kind, id: actor.id, name: actor.name },
        simulated,
        ...(forkedFrom === undefined ? {} : { forkedFrom }),
      },
      ...(overrides === undefined ? {} : { overrides }),
    });
    const secret = new Set(
      flow.inputs.fields.filter((field) => field.widget === "secret").map(({ name }) => name),
    );
    await writeAudit(tx, scope, {
      action: forkedFrom === undefined ? "run.started" : "run.forked",
      subject: { kind: "run", id },
      runId: id,
      body: {
        flow: revision.slug,
        revision: revision.number,
        number,
        simulated,
        ...(forkedFrom === undefined ? {} : { forkedFrom }),
        ...(overrides === undefined ? {} : { overrides }),
        inputs: Object.fromEntries(Object.entries(inputs).filter(([name]) => !secret.has(name))),
      },
    });
    return { id, number };
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
