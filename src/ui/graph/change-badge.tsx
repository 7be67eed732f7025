import type { TaskChange } from "#flow/index.ts";

/** How a task's frame looks by what became of it: apart also without colours. */
export const changeLook: Readonly<Record<TaskChange, string>> = {
  added: "border-2 border-solid border-(--ok)!",
  removed: "border-2 border-dashed border-(--fail)! [&_.font-semibold]:line-through",
  changed: "border-4 border-double border-(--accent)!",
  moved: "border-2 border-dotted border-(--border-field)!",
};

const words: Readonly<Record<TaskChange, readonly [sign: string, word: string, look: string]>> = {
  added: ["+", "New", "bg-(--ok-soft) text-(--ok) border-(--ok)"],
  removed: ["−", "Gone", "bg-(--fail-soft) text-(--fail) border-(--fail) border-dashed"],
  changed: ["≠", "Changed", "bg-(--accent-soft) text-(--accent-text) border-(--accent)"],
  moved: ["↕", "Moved", "bg-(--surface) text-(--text-2) border-(--border-field) border-dotted"],
};

/** What became of a task, by a sign and a word. */
export function ChangeBadge({ change }: { change: TaskChange }) {
  const [sign, word, look] = words[change];
  return (
    <span
      className={`absolute -top-2.5 left-2 flex h-4 items-center gap-1 rounded-(--radius-1) border px-1 [font:var(--type-11)] [line-height:14px] ${look}`}
    >
      <span aria-hidden>{sign}</span> {word}
    </span>
  );
}
