import { BatonError, isObject, type Json, type JsonObject, type RunId } from "#base/index.ts";
import type { RunsPort } from "#engine/index.ts";
import { inputOfSecret, secretInputs, type Flow } from "#flow/index.ts";
import type { ChildFacts } from "#flow/machine/index.ts";
import { runSecrets, systemScope, type Scope } from "#governance/index.ts";
import { getRun } from "#journal/index.ts";
import { pinRevision } from "#library/index.ts";
import type { Database } from "#platform/index.ts";
import { createRun } from "./starting.ts";

/** How tasks start runs of other flows: as people do, for whoever started the run that the task belongs to. */
export function childRuns(db: Database): RunsPort {
  return {
    async start({ workspace, run, flow, revision, inputs, by, simulated, parent, limits, sandbox }) {
      const scope = systemScope(workspace, "engine");
      const known = await startedBefore(db, scope, run);
      if (known !== null) return known;
      const pinned = await pinFor(db, scope, flow, revision);
      const child = { id: run, by, parent, limits, ...(simulated ? { simulated } : {}) };
      const given = await openHandedOn(db, scope, parent.run as RunId, pinned.flow, inputs);
      const { number } = await createRun(db, scope, { revision: pinned, inputs: given, child, sandbox });
      return { number, flow: pinned.slug, title: pinned.flow.title ?? pinned.slug, revision: pinned.number };
    },
  };
}

/**
 * The inputs of a started run: where a secret input of the run that starts it is handed on to one of its own, what was given
 * there, to be sealed for the new run. Any other reference stays one, and is refused.
 */
async function openHandedOn(
  db: Database,
  scope: Scope,
  parent: RunId,
  flow: Flow,
  inputs: JsonObject,
): Promise<Record<string, Json>> {
  const given = { ...inputs } as Record<string, Json>;
  const references = secretInputs(flow).flatMap((name) => {
    const value = given[name];
    const secret = isObject(value) && Object.keys(value).length === 1 ? value["$secret"] : undefined;
    const input = typeof secret === "string" ? inputOfSecret(secret) : null;
    return input === null ? [] : [{ name, input }];
  });
  if (references.length === 0) return given;
  const secrets = await runSecrets(db, scope, parent);
  for (const { name, input } of references) {
    const value = secrets[input];
    if (value !== undefined) given[name] = value;
  }
  return given;
}

/** The run, where an earlier try has started it. */
async function startedBefore(db: Database, scope: Scope, run: RunId): Promise<ChildFacts | null> {
  try {
    const { number, flow, revision } = await getRun(db, scope, run);
    return { number, flow: flow.slug, title: flow.title, revision };
  } catch (error) {
    if (BatonError.isInstance(error) && error.code === "not-found") return null;
    throw error;
  }
}

async function pinFor(
  db: Database,
  scope: Scope,
  slug: string,
  revision: number | null,
): ReturnType<typeof pinRevision> {
  try {
    return await pinRevision(db, scope, revision === null ? { slug } : { slug, revision });
  } catch (error) {
    if (!BatonError.isInstance(error) || error.code !== "not-found") throw error;
    throw new BatonError("not-found", `The flow "${slug}" can't be started. ${error.message}`, {
      hint: "Publish it in this workspace, or name another.",
    });
  }
}
