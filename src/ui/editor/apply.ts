import type { Doc, Text, UndoManager } from "yjs";
import type { TextChange } from "#flow/index.ts";
import { trimmed } from "./diff.ts";

/** Origin of what is done on the canvas and in forms: one of these is one step to undo. */
export const gestureOrigin = "canvas";

/** As much of a draft as changing it takes. */
export type Changeable = {
  readonly client: { readonly doc: Doc };
  readonly text: Text;
  readonly undo: UndoManager;
};

/** Puts changes of a text into the draft: one transaction, one step to undo, and no character more than differs. */
export function applyToDraft({ client, text, undo }: Changeable, changes: readonly TextChange[]): void {
  const before = text.toString();
  undo.stopCapturing();
  client.doc.transact(() => {
    for (const change of changes.toSorted((a, b) => a.from - b.from || a.to - b.to).toReversed()) {
      const { from, to, insert } = trimmed(before, change);
      if (to > from) text.delete(from, to - from);
      if (insert !== "") text.insert(from, insert);
    }
  }, gestureOrigin);
  undo.stopCapturing();
}
