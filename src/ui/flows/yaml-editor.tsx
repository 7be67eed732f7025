"use client";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  lineNumbers,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";
import { useEffect, useRef } from "react";
import type { Problem } from "#flow/index.ts";

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--syn-head)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--syn-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--syn-number)" },
  { tag: tags.comment, color: "var(--syn-comment)" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--syn-key)" },
]);

const theme = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--text)", height: "100%" },
  ".cm-content": { font: "var(--type-code)", padding: "12px 0", caretColor: "var(--accent)" },
  ".cm-gutters": {
    backgroundColor: "transparent",
    border: "none",
    color: "var(--text-3)",
    font: "var(--type-code)",
  },
  ".cm-scroller": { overflow: "auto" },
  // The ring is drawn inside: around the text it would be cut off by the scroll area.
  "&.cm-focused": { outline: "none", boxShadow: "inset 0 0 0 2px var(--accent)" },
  ".cm-content:focus-visible": { boxShadow: "none" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "var(--accent-soft)",
  },
  ".cm-expression": { color: "var(--syn-expr)" },
  ".cm-problem-error": { textDecoration: "underline wavy var(--fail)", textUnderlineOffset: "3px" },
  ".cm-problem-warning": { textDecoration: "underline wavy var(--wait)", textUnderlineOffset: "3px" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 12px" },
});

/** Expressions inside `{{ }}` in their own colour. */
const expressions = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = find(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.decorations = find(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function find(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const mark = Decoration.mark({ class: "cm-expression" });
  for (const { from, to } of view.visibleRanges) {
    for (const match of view.state.sliceDoc(from, to).matchAll(/\{\{[^{}\n]*\}\}/g)) {
      builder.add(from + match.index, from + match.index + match[0].length, mark);
    }
  }
  return builder.finish();
}

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

/** YAML with colours and marked problems; editable where `onChange` is given. `goTo` moves to a line. */
export default function YamlEditor({
  text,
  problems,
  onChange,
  goTo,
  label,
}: {
  text: string;
  problems: readonly Problem[];
  onChange?: (text: string) => void;
  goTo?: { line: number; column: number } | null;
  label: string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  const isEditable = onChange !== undefined;

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
          syntaxHighlighting(colours),
          theme,
          expressions,
          problemMarks,
          EditorState.readOnly.of(!isEditable),
          EditorView.lineWrapping,
          EditorView.editable.of(isEditable),
          EditorView.contentAttributes.of({ "aria-label": label, ...(isEditable ? {} : { tabindex: "0" }) }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
    // The editor owns its text from here on; outer changes are handed in below.
  }, [isEditable, label]);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null && editor.state.doc.toString() !== text) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
    }
  }, [text]);
  useEffect(() => {
    view.current?.dispatch({ effects: setProblems.of(problems) });
  }, [problems, isEditable]);
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
