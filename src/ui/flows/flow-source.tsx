"use client";
import dynamic from "next/dynamic";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import type { FlowGraph as Graph, Problem } from "#flow/index.ts";
import { ProblemList } from "./problem-list.tsx";

const YamlEditor = dynamic(() => import("./yaml-editor.tsx"), {
  ssr: false,
  loading: () => <div className="skeleton m-4 h-64" />,
});
const FlowGraph = dynamic(() => import("../graph/flow-graph.tsx").then((module) => module.FlowGraph), {
  ssr: false,
});

export type Checked = {
  problems: readonly Problem[];
  graph: Graph | null;
  slug: string | null;
  triggers: readonly string[];
};

/** Parses in the browser: the same code that the server runs. Loaded when first needed. */
export function useChecked(text: string): Checked {
  const settled = useDeferredValue(text);
  const [checked, setChecked] = useState<Checked>({ problems: [], graph: null, slug: null, triggers: [] });
  useEffect(() => {
    let isCurrent = true;
    void import("#flow/index.ts").then(({ parseFlow, validateFlow, flowGraph, describeTrigger }) => {
      if (!isCurrent) return;
      const parsed = parseFlow(settled);
      setChecked((before) => ({
        problems: validateFlow(parsed),
        // While the YAML does not parse, the last good graph stays.
        graph: parsed.flow === null ? before.graph : flowGraph(parsed.flow),
        slug: parsed.flow?.id ?? null,
        triggers:
          parsed.flow === null
            ? before.triggers
            : parsed.flow.triggers.map(
                (trigger) => `${trigger.title ?? trigger.id}: ${describeTrigger(trigger)}`,
              ),
      }));
    });
    return () => {
      isCurrent = false;
    };
  }, [settled]);
  return checked;
}

/** YAML and graph side by side, problems below. On a phone one after the other. */
export function FlowSource({ text, checked }: { text: string; checked: Checked }) {
  const [goTo, setGoTo] = useState<{ line: number; column: number } | null>(null);
  const isBroken = checked.slug === null && checked.graph !== null;
  const lines = useMemo(() => text.split("\n").length, [text]);
  const height = Math.min(Math.max(lines * 20 + 40, 320), 640);
  return (
    <div>
      <div className="grid lg:grid-cols-2">
        <div style={{ height }} className="min-w-0 border-b border-(--border) lg:border-r lg:border-b-0">
          <YamlEditor text={text} problems={checked.problems} goTo={goTo} label="The flow as YAML" />
        </div>
        <div style={{ height }} className="relative min-w-0 bg-(--bg)">
          {checked.graph === null ? (
            <p className="p-4 text-(--text-2)">
              {text.trim() === ""
                ? "The graph appears here as you write."
                : "There is nothing to draw yet: see the problems below."}
            </p>
          ) : (
            <FlowGraph graph={checked.graph} />
          )}
          {isBroken ? (
            <p className="absolute top-2 left-2 rounded-(--radius-1) bg-(--wait-soft) px-2 py-0.5 text-(--wait) [font:var(--type-12)]">
              The text doesn't parse: this is the last good graph
            </p>
          ) : null}
        </div>
      </div>
      {checked.triggers.length === 0 ? null : (
        <p className="flex flex-wrap gap-x-4 gap-y-0.5 border-t border-(--border) px-4 py-2">
          <span className="text-(--text-2)">Starts by itself</span>
          {checked.triggers.map((trigger) => (
            <span key={trigger}>{trigger}</span>
          ))}
        </p>
      )}
      {checked.problems.length === 0 ? null : (
        <div className="border-t border-(--border)">
          <ProblemList
            problems={checked.problems}
            onGoTo={(problem) => setGoTo({ line: problem.line, column: problem.column })}
          />
        </div>
      )}
    </div>
  );
}
