"use client";
import { useCallback } from "react";
import type { Gesture } from "#flow/index.ts";
import { useToast } from "../parts/toast.tsx";
import { Refused, type Language } from "./language/client.ts";
import type { Format, Place } from "./language/protocol.ts";
import { applyToDraft } from "./apply.ts";
import type { LiveDraft } from "./use-draft.ts";

/** What to do, given where the tasks stand in the text as it is now; null: nothing. */
export type Plan = (places: readonly Place[]) => Gesture | null;

/** Puts the layout of the text in order. */
export const inOrder = (): Format => ({ kind: "format" });

/**
 * Does what was meant on the canvas or in a form. The text is read anew each time, since others may have written
 * meanwhile; answers whether it was done.
 */
export function useGestures(
  draft: LiveDraft | null,
  language: Language | null,
): (plan: Plan | typeof inOrder) => Promise<boolean> {
  const say = useToast();
  return useCallback(
    async (plan) => {
      if (draft === null || language === null) return false;
      try {
        for (let tries = 0; tries < 5; tries += 1) {
          const text = draft.text.toString();
          const { places } = await language.ask("analyse", { text });
          const gesture = plan(places);
          if (gesture === null) return false;
          const changes = await language.ask("edit", { text, gesture });
          // Somebody typed in between: the places are others now.
          if (draft.text.toString() !== text) continue;
          if (changes.length === 0) return false;
          applyToDraft(draft, changes);
          return true;
        }
        say("The text changes too quickly right now. Try again.");
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        say(error.hint === null ? error.message : `${error.message} ${error.hint}`);
      }
      return false;
    },
    [draft, language, say],
  );
}
