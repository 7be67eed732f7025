"use client";
import { defaultKeymap } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { useEffect, useRef, useState } from "react";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import type { Text } from "yjs";
import type { LiveClient } from "#collab/client.ts";

/** Most characters of JSON that an entry takes; a little less than the server, which refuses for good. */
const most = 31_000;

const look = EditorView.theme({
  "&": {
    font: "var(--type-13)",
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    maxHeight: "45dvh",
  },
  // The ring is the box's, which is larger than what is written in it.
  "&.cm-focused, .cm-content:focus-visible": { outline: "none" },
  ".cm-scroller": { font: "inherit", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "8px 0", minHeight: "9rem", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-ySelectionInfo": {
    opacity: "1",
    font: "500 10px/14px var(--font-ui)",
    padding: "0 4px",
    borderRadius: "3px 3px 3px 0",
    top: "-12px",
  },
  ".cm-ySelectionCaretDot": { display: "none" },
  ".cm-line:first-child .cm-ySelectionInfo": { top: "18px", borderRadius: "0 3px 3px 3px" },
});

/** An entry's text, written together: everybody's words and cursors as they come. */
export function LiveText({ client, text, label }: { client: LiveClient; text: Text; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [isFull, setIsFull] = useState(false);
  useEffect(() => {
    if (host.current === null) return;
    const undo = client.undo(text);
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text.toJSON(),
        extensions: [
          drawSelection(),
          keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          // Of what one types oneself alone: what others typed has been taken.
          EditorState.changeFilter.of((change) => {
            if (!change.isUserEvent("input")) return true;
            const fits =
              change.newDoc.length < most / 6 || JSON.stringify(change.newDoc.toString()).length <= most;
            setIsFull(!fits);
            return fits;
          }),
          look,
          yCollab(text, client.awareness, { undoManager: undo }),
        ],
      }),
    });
    editor.focus();
    editor.dispatch({ selection: { anchor: editor.state.doc.length } });
    return () => {
      client.present("cursor", null);
      editor.destroy();
      undo.destroy();
    };
  }, [client, text, label]);
  return (
    <div className="flex flex-col gap-1">
      <div
        ref={host}
        className="overflow-hidden rounded-(--radius-2) border border-(--border-field) focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-(--accent)"
      />
      {isFull ? (
        <p role="alert" className="text-(--fail)">
          This is as much as an entry takes. Keep large things in files, and what to know of them here.
        </p>
      ) : null}
    </div>
  );
}
