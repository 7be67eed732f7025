"use client";
import { useEffect, useRef, useState } from "react";
import type { FlowGraph } from "#flow/index.ts";
import type { KnowledgeView } from "#api/index.ts";
import { Language } from "./language/client.ts";
import type { Analysis } from "./language/protocol.ts";

/** Between one reading and the next: enough for the page to draw, too little to be felt. */
const pauseMs = 30;

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

type Ask = { readonly language: Language | null; readonly text: string; readonly known: number };

/** What the text is, a moment after it changed. */
export function useAnalysis(
  language: Language | null,
  text: string,
  knowledge: KnowledgeView | undefined,
): Read {
  const [read, setRead] = useState<Read & { readonly version: number }>({
    analysis: null,
    graph: null,
    isStale: false,
    version: -1,
  });
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
  const newest = useRef<Ask>({ language, text, known });
  newest.current = { language, text, known };
  const isBusy = useRef(false);
  // A worker that was closed answers no more.
  useEffect(
    () => () => {
      isBusy.current = false;
    },
    [language],
  );
  useEffect(() => {
    if (language === null || isBusy.current) return;
    // One reading at a time, always of the newest text: whoever types fast does not wait for texts that are gone.
    isBusy.current = true;
    const read = (): void => {
      setTimeout(() => {
        const asked = newest.current;
        if (asked.language === null) {
          isBusy.current = false;
          return;
        }
        const give = (analysis: Analysis): void => {
          const now = newest.current;
          if (now.language !== asked.language) return read();
          setRead((before) => ({
            analysis,
            graph:
              analysis.graph === null || analysis.graphVersion === before.version
                ? before.graph
                : analysis.graph,
            isStale: analysis.graph === null,
            version: analysis.graph === null ? before.version : analysis.graphVersion,
          }));
          if (now.text !== asked.text || now.known !== asked.known) read();
          else isBusy.current = false;
        };
        asked.language.ask("analyse", { text: asked.text }).then(give, () => {
          isBusy.current = false;
        });
      }, pauseMs);
    };
    read();
  }, [language, text, known]);
  return read;
}
