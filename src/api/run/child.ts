import { BatonError, type RunId } from "#base/index.ts";
import type { RunsPort } from "#engine/index.ts";
import type { ChildFacts } from "#flow/machine/index.ts";
import { systemScope, type Scope } from "#governance/index.ts";
import { getRun } from "#journal/index.ts";
import { pinRevision } from "#library/index.ts";
import type { Database } from "#platform/index.ts";
import { createRun } from "./starting.ts";

/** How tasks start runs of other flows: as people do, for whoever started the run that the task belongs to. */
export function childRuns(db: Database): RunsPort {
  return {
    async start({ workspace, run, flow, revision, inputs, by, simulated, parent, limits }) {
      const scope = systemScope(workspace, "engine");
      const known = await startedBefore(db, scope, run);
      if (known !== null) return known;
      const pinned = await pinFor(db, scope, flow, revision);
      const child = { id: run, by, parent, limits, ...(simulated ? { simulated } : {}) };
      const { number } = await createRun(db, scope, { revision: pinned, inputs, child });
      return { number, flow: pinned.slug, title: pinned.flow.title ?? pinned.slug, revision: pinned.number };
    },
  };
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
