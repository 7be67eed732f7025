"use client";
import { useEffect, useState } from "react";
import type { Flow } from "#flow/index.ts";

/** The definition that a run's text holds; the parser is loaded once the page stands. */
export function useFlow(text: string | undefined): { flow: Flow | null; problem: string | null } {
  const [read, setRead] = useState<{ flow: Flow | null; problem: string | null }>({
    flow: null,
    problem: null,
  });
  useEffect(() => {
    if (text === undefined) return;
    let isCurrent = true;
    const load = async (): Promise<void> => {
      try {
        const { parseFlow } = await import("#flow/index.ts");
        const { flow, problems } = parseFlow(text);
        if (isCurrent) {
          setRead({
            flow,
            problem: flow === null ? (problems[0]?.message ?? "The flow can't be read.") : null,
          });
        }
      } catch {
        if (isCurrent) {
          setRead({ flow: null, problem: "The graph could not be loaded. Reload the page to try again." });
        }
      }
    };
    void load();
    return () => {
      isCurrent = false;
    };
  }, [text]);
  return read;
}
