"use client";
import { useEffect, useState } from "react";
import type { FlowGraph } from "#flow/index.ts";
import type { KnowledgeView } from "#api/index.ts";
import { Language } from "./language/client.ts";
import type { Analysis } from "./language/protocol.ts";

const pauseMs = 120;

/** The worker that reads texts, for as long as the page stands. */
export function useLanguage(): Language | null {
  const [language, setLanguage] = useState<Language | null>(null);
  useEffect(() => {
    const opened = new Language();
    setLanguage(opened);
    return () => {
      setLanguage(null);
      opened.close();
    };
  }, []);
  return language;
}

export type Read = {
  /** Of the newest text that was looked at; null at first. */
  readonly analysis: Analysis | null;
  /** Drawn from the last text that could be read. */
  readonly graph: FlowGraph | null;
  /** Whether the graph is older than the text because the text can't be read. */
  readonly isStale: boolean;
};

/** What the text is, a moment after it changed. */
export function useAnalysis(
  language: Language | null,
  text: string,
  knowledge: KnowledgeView | undefined,
): Read {
  const [read, setRead] = useState<Read>({ analysis: null, graph: null, isStale: false });
  const [known, setKnown] = useState(0);
  useEffect(() => {
    if (language === null || knowledge === undefined) return;
    let isCurrent = true;
    void language.ask("know", { knowledge }).then(() => {
      if (isCurrent) setKnown((count) => count + 1);
    });
    return () => {
      isCurrent = false;
    };
  }, [language, knowledge]);
  useEffect(() => {
    if (language === null) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      void language.ask("analyse", { text }).then((analysis) => {
        if (!isCurrent) return;
        setRead((before) => ({
          analysis,
          graph: analysis.graph ?? before.graph,
          isStale: analysis.graph === null,
        }));
      });
    }, pauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [language, text, known]);
  return read;
}
