import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";

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
  // In a quoted text the words have a colour of their own, further in.
  ".cm-expression, .cm-expression span": { color: "var(--syn-expr)" },
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

/** How YAML looks wherever it is shown in an editor. */
export const yamlLook = [syntaxHighlighting(colours), theme, expressions];
