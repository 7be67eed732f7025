"use client";
import { useEffect, useState } from "react";
import type { FlowGraph as FlowGraphData, TaskChange, TaskChanges } from "#flow/index.ts";
import { FlowGraph } from "../../graph/flow-graph.tsx";
import type { Language } from "../language/client.ts";
import type { ComparedGraphs } from "../language/protocol.ts";

/** Two graphs side by side, with what became of each task; below each other on a phone. */
export function GraphDiff({
  before,
  after,
  names,
  language,
}: {
  before: string;
  after: string;
  names: readonly [string, string];
  language: Language;
}) {
  const [found, setFound] = useState<ComparedGraphs | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void language.ask("graphs", { before, after }).then((answer) => {
      if (isCurrent) setFound(answer);
    });
    return () => {
      isCurrent = false;
    };
  }, [language, before, after]);
  if (found === null) return <div role="status" aria-label="Loading" className="skeleton h-[46vh]" />;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <p className="text-(--text-2)">{summaryOf(found.changes)}</p>
      <div className="grid gap-2 md:grid-cols-2">
        <Side name={names[0]} graph={found.before} changes={found.changes.before} />
        <Side name={names[1]} graph={found.after} changes={found.changes.after} />
      </div>
    </div>
  );
}

function Side({
  name,
  graph,
  changes,
}: {
  name: string;
  graph: FlowGraphData | null;
  changes: Readonly<Record<string, TaskChange>>;
}) {
  return (
    <section aria-label={name} className="min-w-0 rounded-(--radius-2) border border-(--border)">
      <h3 className="border-b border-(--border) px-3 py-1 text-(--text-2) [font:var(--type-12)]">{name}</h3>
      <div className="h-[42vh] bg-(--bg) max-md:h-[32vh]">
        {graph === null || graph.nodes.length === 0 ? (
          <p className="p-3 text-(--text-2)">
            {graph === null ? "This text can't be drawn: it can't be read as a flow." : "No tasks."}
          </p>
        ) : (
          <FlowGraph graph={graph} changes={changes} />
        )}
      </div>
    </section>
  );
}

/** What became of the tasks, in a sentence. */
export function summaryOf({ before, after }: TaskChanges): string {
  const count = (changes: Readonly<Record<string, TaskChange>>, change: TaskChange): number =>
    Object.values(changes).filter((one) => one === change).length;
  const parts = [
    [count(after, "added"), "new"],
    [count(before, "removed"), "gone"],
    [count(after, "changed"), "changed"],
    [count(after, "moved"), "moved"],
  ] as const;
  const told = parts.flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]));
  return told.length === 0 ? "No task differs." : `Tasks: ${told.join(", ")}`;
}
