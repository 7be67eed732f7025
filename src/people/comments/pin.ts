import { BatonError } from "#base/index.ts";
import { flowTextRoot, stretchOf, type Anchor, type LiveDocuments } from "#collab/index.ts";
import { locatePin, parseFlow, taskStretches, withoutBlank } from "#flow/index.ts";
import type { Scope } from "#governance/index.ts";

/** What somebody wants to put a pin on, in the draft as they see it. */
export type WantedPin = {
  readonly kind: "task" | "range";
  readonly anchor: Anchor;
  /** State vector of their document. */
  readonly stateVector: Uint8Array;
};

/** What really stands there, as the server reads it. */
export type ReadPin = { readonly task: string | null; readonly quote: string };

/** As much of what stood there as is kept. Characters. */
const longestQuote = 1000;

/**
 * Reads what a pin would be on, once everything that its maker saw is committed: neither the quote nor the task is theirs
 * to claim. "conflict" where the text is gone by then, "bad-input" where the anchor is none of the draft's.
 */
export async function readPin(
  live: LiveDocuments,
  scope: Scope,
  flow: string,
  wanted: WantedPin,
): Promise<ReadPin> {
  const { doc } = await live.whenCommitted(scope, { kind: "flow", subject: flow }, wanted.stateVector);
  try {
    const root = doc.getText(flowTextRoot);
    const text = root.toString();
    const stretch = stretchOf(root, wanted.anchor);
    if (stretch === null || stretch === "unseen") {
      throw new BatonError("bad-input", "This is not a place in the draft.", {
        hint: "Select the text or the task again.",
      });
    }
    const at = withoutBlank(text, stretch);
    if (at === null) throw gone();
    const tasks = taskStretches(parseFlow(text));
    const located = locatePin({ kind: wanted.kind, task: null, quotes: [] }, at, text, tasks);
    if (located === null) throw gone();
    return {
      task: located.task?.task ?? null,
      quote: text.slice(located.from, located.to).trim().slice(0, longestQuote),
    };
  } finally {
    doc.destroy();
  }
}

function gone(): BatonError {
  return new BatonError("conflict", "The text that you comment on is gone.", {
    hint: "Somebody changed it meanwhile. Select it again.",
  });
}
