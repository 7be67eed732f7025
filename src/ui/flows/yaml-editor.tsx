"use client";
import { yaml } from "@codemirror/lang-yaml";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, lineNumbers, type DecorationSet } from "@codemirror/view";
import { minimalSetup } from "codemirror";
import { useEffect, useRef } from "react";
import type { Problem } from "#flow/index.ts";
import { yamlLook } from "../parts/yaml-look.ts";

const setProblems = StateEffect.define<readonly Problem[]>();
const problemMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setProblems)) continue;
      const { doc } = transaction.state;
      const at = (line: number, column: number): number => {
        const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
        return Math.min(row.from + Math.max(column - 1, 0), row.to);
      };
      const ranges = effect.value.flatMap((problem) => {
        const from = at(problem.line, problem.column);
        const to = Math.min(at(problem.endLine, problem.endColumn), doc.lineAt(from).to);
        const end = to > from ? to : Math.min(from + 1, doc.lineAt(from).to);
        return end > from
          ? [
              Decoration.mark({
                class: `cm-problem-${problem.severity}`,
                attributes: { title: problem.message },
              }).range(from, end),
            ]
          : [];
      });
      next = Decoration.set(ranges, true);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** YAML with colours and marked problems, to be read. `goTo` moves to a line. */
export default function YamlEditor({
  text,
  problems,
  goTo,
  label,
}: {
  text: string;
  problems: readonly Problem[];
  goTo?: { line: number; column: number } | null;
  label: string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);

  useEffect(() => {
    if (host.current === null) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          minimalSetup,
          lineNumbers(),
          yaml(),
          yamlLook,
          problemMarks,
          EditorState.readOnly.of(true),
          EditorView.lineWrapping,
          EditorView.editable.of(false),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
    // The editor owns its text from here on; outer changes are handed in below.
  }, [label]);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null && editor.state.doc.toString() !== text) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    }
  }, [text]);
  useEffect(() => {
    view.current?.dispatch({ effects: setProblems.of(problems) });
  }, [problems]);
  useEffect(() => {
    const editor = view.current;
    if (editor === null || goTo === null || goTo === undefined) return;
    const line = editor.state.doc.line(Math.min(goTo.line, editor.state.doc.lines));
    const anchor = Math.min(line.from + goTo.column - 1, line.to);
    editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    editor.focus();
  }, [goTo]);
  return <div ref={host} className="h-full min-h-0 overflow-hidden" />;
}
