"use client";
import { FileText, Workflow } from "lucide-react";
import { useState } from "react";
import type { Language } from "../language/client.ts";
import { DiffView } from "./diff-view.tsx";
import { GraphDiff } from "./graph-diff.tsx";

const views = [
  ["text", "Text", FileText],
  ["graph", "Graph", Workflow],
] as const;

/** Two texts of a flow side by side, by their lines or by their tasks. */
export function Comparison({
  before,
  after,
  names,
  language,
}: {
  before: string;
  after: string;
  /** What stands left and right, in words. */
  names: readonly [string, string];
  /** Draws the graphs; without it the texts are compared alone. */
  language: Language | null;
}) {
  const [view, setView] = useState<"text" | "graph">("text");
  return (
    <div className="flex min-h-0 min-w-0 flex-col gap-2">
      <div
        role="group"
        aria-label="Compare by"
        className="flex self-start rounded-(--radius-2) border border-(--border-strong)"
      >
        {views.map(([name, word, Icon]) => (
          <button
            key={name}
            type="button"
            aria-pressed={view === name}
            disabled={name === "graph" && language === null}
            onClick={() => setView(name)}
            className="flex h-7 items-center gap-1.5 px-2.5 text-(--text-2) first:rounded-l-(--radius-2) last:rounded-r-(--radius-2) hover:text-(--text) aria-pressed:bg-(--surface-3) aria-pressed:text-(--text) pointer-coarse:h-11"
          >
            <Icon aria-hidden size={14} /> {word}
          </button>
        ))}
      </div>
      {view === "text" || language === null ? (
        <DiffView before={before} after={after} names={names} />
      ) : (
        <GraphDiff before={before} after={after} names={names} language={language} />
      )}
    </div>
  );
}
