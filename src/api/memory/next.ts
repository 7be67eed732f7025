import { z } from "zod";
import type { RunId } from "#base/index.ts";
import { parseFlow } from "#flow/index.ts";
import { foldEvents, machine, memoryReaders } from "#flow/machine/index.ts";
import { getRun, listRuns, runEvents } from "#journal/index.ts";
import { revisionText } from "#library/index.ts";
import { memoryHead } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import type { NextReader } from "../views.ts";
import { memoryOf, name, subject } from "./shared.ts";

/** Runs that are looked into, and readers that are told. */
const mostRuns = 8;
const mostReaders = 12;

/** Which steps of runs under way read an entry next: those that see an edit made now. */
export const next = verb("workspace.see")
  .input(z.object({ subject, name }))
  .query(async ({ ctx: { deps, scope }, input }): Promise<{ readers: NextReader[] }> => {
    const { db } = deps;
    const head = await memoryHead(memoryOf(deps), scope, input.subject);
    const key = `${head.scope}:${input.name}`;
    const runs =
      head.scope === "run"
        ? [await getRun(db, scope, head.subject as RunId)]
        : (
            await listRuns(db, scope, {
              state: ["queued", "running", "waiting", "paused"],
              ...(head.scope === "workspace" ? {} : { flow: head.subject }),
              sandbox: "too",
              limit: mostRuns,
            })
          ).rows;
    const readers: NextReader[] = [];
    for (const run of runs) {
      const [text, events] = await Promise.all([
        revisionText(db, scope, run.revisionId),
        runEvents(db, scope, run.id),
      ]);
      const { flow } = parseFlow(text);
      if (flow === null) continue;
      const state = foldEvents(machine.initial(), events);
      for (const { path, title, agent, when } of memoryReaders(flow, state, key)) {
        const who = agent === null ? null : (flow.agents[agent]?.title ?? agent);
        readers.push({
          runId: run.id,
          runNumber: run.number,
          flow: flow.title ?? flow.id,
          path,
          title,
          agent: who,
          when,
        });
      }
    }
    const byTime = ({ when }: NextReader): number => (when === "now" ? 0 : 1);
    return { readers: readers.toSorted((a, b) => byTime(a) - byTime(b)).slice(0, mostReaders) };
  });
