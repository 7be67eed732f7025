import { RangeSet, StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  gutter,
  GutterMarker,
  keymap,
  showTooltip,
  ViewPlugin,
  type DecorationSet,
  type Tooltip,
} from "@codemirror/view";

/** A thread's place in the text. */
export type Mark = {
  readonly id: string;
  readonly kind: "task" | "range";
  readonly from: number;
  readonly to: number;
  readonly isSelected: boolean;
};

/** What is done with the marks. */
export type MarkActions = {
  /** Opens a thread. */
  open(id: string): void;
  /** The cursor was put into a thread's words. */
  touch(id: string): void;
  /** Begins a comment on a stretch; on the task there where it is empty. */
  begin(from: number, to: number): void;
  /** Whether comments may be written. */
  may(): boolean;
};

/** Comments in the text: underlined words, signs beside the lines, and ways to begin one. */
export type MarkLayer = { readonly extension: Extension; show(marks: readonly Mark[]): void };

type Marks = { readonly all: readonly Mark[]; readonly drawn: DecorationSet };

const put = StateEffect.define<readonly Mark[]>();
const shortcut = "Mod-Alt-m";

/** The layer for one editor. It may be there before the editor's view is, and outlive it. */
export function markLayer(actions: MarkActions): MarkLayer {
  let shown: readonly Mark[] = [];
  let view: EditorView | null = null;
  const field = StateField.define<Marks>({
    create: () => ({ all: [], drawn: Decoration.none }),
    update(before, { changes, docChanged, effects, newDoc }) {
      const effect = effects.findLast((one) => one.is(put));
      if (effect === undefined && !docChanged) return before;
      const all =
        effect === undefined
          ? before.all.map((mark) => ({
              ...mark,
              from: changes.mapPos(mark.from, 1),
              to: changes.mapPos(mark.to, -1),
            }))
          : (effect.value as readonly Mark[]).map((mark) => ({
              ...mark,
              from: Math.min(mark.from, newDoc.length),
              to: Math.min(mark.to, newDoc.length),
            }));
      return { all, drawn: underlined(all) };
    },
    provide: (self) => EditorView.decorations.from(self, ({ drawn }) => drawn),
  });
  const keeper = ViewPlugin.define((opened) => {
    view = opened;
    // A view that is being made can't be told anything yet.
    queueMicrotask(() => {
      if (view === opened) opened.dispatch({ effects: put.of(shown) });
    });
    return {
      destroy() {
        if (view === opened) view = null;
      },
    };
  });
  const startingIn = (state: EditorState, from: number, to: number): Mark | undefined =>
    state.field(field).all.find((mark) => mark.from >= from && mark.from <= to);
  const around = (state: EditorState, at: number): Mark | undefined =>
    state.field(field).all.find((mark) => mark.kind === "range" && mark.from <= at && mark.to >= at);
  const beside = gutter({
    class: "cm-commentGutter",
    markers: ({ state }) => signs(state, state.field(field).all),
    initialSpacer: () => new Sign(1, false),
    domEventHandlers: {
      mousedown({ state }, line) {
        const mark = startingIn(state, line.from, line.to);
        if (mark !== undefined) actions.open(mark.id);
        return mark !== undefined;
      },
    },
  });
  return {
    extension: [
      field,
      keeper,
      beside,
      look,
      showTooltip.compute(["selection"], (state) => offer(state, actions)),
      keymap.of([
        {
          key: shortcut,
          run({ state }) {
            const { from, to, empty } = state.selection.main;
            const there = empty ? around(state, from) : undefined;
            if (there !== undefined) actions.open(there.id);
            else if (actions.may()) actions.begin(from, to);
            return true;
          },
        },
      ]),
      EditorView.domEventHandlers({
        click(event, { state }) {
          const on = (event.target as HTMLElement).closest<HTMLElement>("[data-comment]");
          const id = on?.dataset["comment"];
          if (id !== undefined && state.selection.main.empty) actions.touch(id);
          return false;
        },
      }),
    ],
    show(marks) {
      if (shown.length === 0 && marks.length === 0) return;
      shown = marks;
      view?.dispatch({ effects: put.of(marks) });
    },
  };
}

function underlined(marks: readonly Mark[]): DecorationSet {
  return Decoration.set(
    marks
      .filter((mark) => mark.kind === "range" && mark.from < mark.to)
      .map((mark) =>
        Decoration.mark({
          class: mark.isSelected ? "cm-commented cm-commentedNow" : "cm-commented",
          attributes: { "data-comment": mark.id },
        }).range(mark.from, mark.to),
      ),
    true,
  );
}

/** One sign for each line in which threads begin. */
function signs(state: EditorState, marks: readonly Mark[]): RangeSet<GutterMarker> {
  const lines = new Map<number, { count: number; isSelected: boolean }>();
  for (const { from, isSelected } of marks) {
    const start = state.doc.lineAt(from).from;
    const known = lines.get(start) ?? { count: 0, isSelected: false };
    lines.set(start, { count: known.count + 1, isSelected: known.isSelected || isSelected });
  }
  return RangeSet.of(
    [...lines].map(([start, { count, isSelected }]) => new Sign(count, isSelected).range(start)),
    true,
  );
}

class Sign extends GutterMarker {
  readonly count: number;
  readonly isSelected: boolean;
  constructor(count: number, isSelected: boolean) {
    super();
    this.count = count;
    this.isSelected = isSelected;
  }
  override eq(other: GutterMarker): boolean {
    return other instanceof Sign && other.count === this.count && other.isSelected === this.isSelected;
  }
  override toDOM(): Node {
    const sign = document.createElement("span");
    sign.className = this.isSelected ? "cm-commentSign cm-commentSignNow" : "cm-commentSign";
    sign.textContent = String(this.count);
    sign.title = this.count === 1 ? "A comment" : `${this.count} comments`;
    return sign;
  }
}

/** A button beside what is selected. */
function offer({ selection }: EditorState, actions: MarkActions): Tooltip | null {
  const { from, to, empty } = selection.main;
  if (empty || !actions.may()) return null;
  return {
    pos: to,
    above: false,
    create() {
      const dom = document.createElement("button");
      dom.type = "button";
      dom.className = "cm-commentOffer";
      dom.textContent = "Comment";
      dom.title = "Comment on the selected text (Ctrl Alt M)";
      // The selection, and with it this button, would be gone before the click.
      dom.addEventListener("mousedown", (event) => event.preventDefault());
      dom.addEventListener("click", () => actions.begin(from, to));
      return { dom };
    },
  };
}

const look = EditorView.baseTheme({
  ".cm-commented": {
    backgroundColor: "color-mix(in srgb, var(--wait) 12%, transparent)",
    borderBottom: "2px solid var(--wait)",
  },
  ".cm-commentedNow": { backgroundColor: "color-mix(in srgb, var(--wait) 28%, transparent)" },
  ".cm-commentGutter .cm-gutterElement": { padding: "0 1px" },
  ".cm-commentSign": {
    display: "inline-block",
    minWidth: "16px",
    padding: "0 3px",
    borderRadius: "8px 8px 8px 2px",
    backgroundColor: "var(--wait-soft)",
    border: "1px solid var(--wait)",
    color: "var(--wait)",
    font: "600 10px/14px var(--font-ui)",
    textAlign: "center",
    cursor: "pointer",
  },
  ".cm-commentSignNow": { backgroundColor: "var(--wait)", color: "var(--surface)" },
  ".cm-tooltip.cm-commentOffer": {
    font: "500 12px/24px var(--font-ui)",
    padding: "0 10px",
    marginTop: "4px",
    cursor: "pointer",
  },
  ".cm-tooltip.cm-commentOffer:hover": { backgroundColor: "var(--surface-2)" },
});
