"use client";
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
  type Tooltip,
} from "@codemirror/view";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import type { Awareness } from "y-protocols/awareness";
import type { Text, UndoManager } from "yjs";
import type { Problem } from "#flow/index.ts";
import { yamlLook } from "../../parts/yaml-look.ts";
import type { Language } from "../language/client.ts";
import type { Completion } from "../language/complete.ts";
import { offsetsOf } from "../language/places.ts";
import { editorLook } from "./look.ts";

export type CodeHandle = {
  /** Shows a stretch of the text and puts the cursor there. */
  show(from: number, to: number, options?: { readonly focus?: boolean }): void;
};

const icons: Readonly<Record<Completion["kind"], string>> = {
  key: "property",
  head: "class",
  value: "enum",
  name: "variable",
  function: "function",
  field: "property",
};

function asked(what: () => void): true {
  what();
  return true;
}

/** The draft's text, written together: everybody's cursors, completion, help, problems. */
export function CodeEditor({
  text,
  awareness,
  undo,
  isReadOnly,
  language,
  problems,
  comments,
  ref,
  onCursor,
  onFormat,
}: {
  text: Text;
  awareness: Awareness;
  undo: UndoManager;
  isReadOnly: boolean;
  language: Language;
  /** Of the text that they were found in. */
  problems: { readonly of: string; readonly found: readonly Problem[] };
  /** Comments in the text. */
  comments: Extension;
  ref: Ref<CodeHandle>;
  onCursor(offset: number): void;
  /** Asked for by Shift Alt F. */
  onFormat(): void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const told = useRef(onCursor);
  told.current = onCursor;
  const format = useRef(onFormat);
  format.current = onFormat;

  useEffect(() => {
    if (host.current === null) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text.toString(),
        extensions: [
          comments,
          lineNumbers(),
          foldGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          drawSelection(),
          dropCursor(),
          EditorState.allowMultipleSelections.of(true),
          EditorState.tabSize.of(2),
          indentUnit.of("  "),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightSelectionMatches(),
          yaml(),
          yamlLook,
          editorLook,
          autocompletion({ override: [completions(language)], icons: false, defaultKeymap: false }),
          hoverTooltip((shown, at) => helpTip(language, shown, at), { hoverTime: 400 }),
          keymap.of([
            ...yUndoManagerKeymap,
            ...closeBracketsKeymap,
            ...completionKeymap,
            { key: "Ctrl-Space", run: startCompletion },
            { key: "Shift-Alt-f", run: () => !isReadOnly && asked(format.current) },
            ...searchKeymap,
            ...foldKeymap,
            ...lintKeymap,
            indentWithTab,
            ...defaultKeymap,
          ]),
          EditorView.lineWrapping,
          EditorState.readOnly.of(isReadOnly),
          EditorView.editable.of(!isReadOnly),
          EditorView.contentAttributes.of({
            "aria-label": "The flow as YAML",
            tabindex: "0",
            ...(isReadOnly ? { "aria-readonly": "true" } : {}),
          }),
          EditorView.updateListener.of((update) => {
            if (update.selectionSet || update.docChanged) told.current(update.state.selection.main.head);
            // What is typed elsewhere is undone by itself, however soon it came.
            if (update.selectionSet && !update.docChanged) undo.stopCapturing();
          }),
          yCollab(text, awareness, { undoManager: undo }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [text, awareness, undo, isReadOnly, language, comments]);

  useImperativeHandle(
    ref,
    () => ({
      show(from, to, { focus = true } = {}) {
        const editor = view.current;
        if (editor === null) return;
        const start = Math.min(from, to, editor.state.doc.length);
        editor.dispatch({
          selection: { anchor: start },
          effects: EditorView.scrollIntoView(start, { y: "start", yMargin: 80 }),
        });
        if (focus) editor.focus();
      },
    }),
    [],
  );

  useEffect(() => {
    const editor = view.current;
    // Those of an older text would stand in the wrong places; the next ones are on their way.
    if (editor === null || editor.state.doc.toString() !== problems.of) return;
    editor.dispatch(
      setDiagnostics(
        editor.state,
        problems.found.map((problem) => diagnosticOf(editor.state, problem, isReadOnly)),
      ),
    );
  }, [problems, isReadOnly]);

  return <div ref={host} className="h-full min-h-0 overflow-hidden" />;
}

function completions(language: Language) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.matchBefore(/[\w.-]+/);
    const sign = context.state.sliceDoc(Math.max(0, context.pos - 2), context.pos);
    if (before === null && !context.explicit && !/[ {[.]$/.test(sign)) return null;
    const { from, options } = await language.ask("complete", {
      text: context.state.doc.toString(),
      offset: context.pos,
    });
    if (options.length === 0) return null;
    // On an empty line everything would fit: that is for those who ask.
    if (before === null && !context.explicit && context.state.doc.lineAt(context.pos).text.trim() === "")
      return null;
    return {
      from,
      options: options.map((option) => ({
        label: option.label,
        type: icons[option.kind],
        detail: option.detail,
        ...(option.info === "" ? {} : { info: option.info }),
        apply: option.insert,
        boost: option.kind === "head" ? 2 : 0,
      })),
      validFor: /^[\w-]*$/,
    };
  };
}

async function helpTip(language: Language, view: EditorView, at: number): Promise<Tooltip | null> {
  const help = await language.ask("help", { text: view.state.doc.toString(), offset: at });
  if (help === null) return null;
  return {
    pos: at,
    above: true,
    create() {
      const dom = document.createElement("div");
      dom.className = "cm-help";
      const title = document.createElement("strong");
      title.textContent = help.title;
      const words = document.createElement("p");
      words.textContent = help.text;
      dom.append(title, words);
      return { dom };
    },
  };
}

function diagnosticOf(state: EditorState, problem: Problem, isReadOnly: boolean): Diagnostic {
  const { from, to } = offsetsOf(state.doc.toString(), problem);
  const { fix } = problem;
  return {
    from,
    to: Math.max(to, Math.min(from + 1, state.doc.length)),
    severity: problem.severity,
    message: problem.message,
    source: problem.rule,
    ...(fix === undefined || isReadOnly
      ? {}
      : {
          actions: [
            {
              name: fix.title,
              apply: (view, start, end) =>
                view.dispatch({ changes: { from: start, to: end, insert: fix.text } }),
            },
          ],
        }),
  };
}
