import { BatonError, type RunId, type WorkspaceId } from "#base/index.ts";
import type { DocumentKind } from "#collab/index.ts";
import { systemScope } from "#governance/index.ts";
import type { Database } from "#platform/index.ts";
import { memoryDocumentKind, type MemoryRules } from "./guard.ts";
import { entriesIn } from "./layout.ts";
import type { MemoryDocuments, MemoryPorts, RunPlaces } from "./spec.ts";
import * as store from "./store.ts";

/** Memory as documents: that of a run, a flow or a workspace begins, empty, when it is first opened. */
export function sharedMemoryKind(db: Database, rules: Omit<MemoryRules, "seed"> = {}): DocumentKind {
  return memoryDocumentKind({
    ...rules,
    async seed(subject) {
      const workspaceId = await store.ownerOf(db, subject);
      return workspaceId === null
        ? null
        : { workspaceId: workspaceId as WorkspaceId, fill: (doc) => void entriesIn(doc) };
    },
  });
}

const mostKnown = 1_000;

/** What memory needs, from the database. */
export function memoryPorts(db: Database, documents: MemoryDocuments, now: () => number): MemoryPorts {
  const known = new Map<RunId, RunPlaces>();
  return {
    documents,
    async places(workspace, run) {
      let places = known.get(run);
      if (places === undefined) {
        const found = await store.runPlaces(systemScope(workspace, "memory"), db, run);
        if (found === null) throw new BatonError("not-found", "There is no such run.");
        places = { ...found, workspace };
        if (known.size >= mostKnown) known.clear();
        known.set(run, places);
      }
      return places;
    },
    noteReadings: (workspace, readings) => store.noteReadings(systemScope(workspace, "memory"), db, readings),
    now,
  };
}
