"use client";
import { memo, useEffect, useState, type PointerEvent } from "react";
import type { HeadKey } from "#flow/index.ts";
import { KindIcon } from "../../graph/kind-icon.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Input } from "../../parts/field.tsx";

/** What each kind of task is for, in the order in which they are offered. */
const kinds: readonly (readonly [HeadKey, string])[] = [
  ["agent", "An agent works on a prompt with its tools"],
  ["tool", "Calls one tool"],
  ["approval", "A person decides"],
  ["form", "A person fills in fields"],
  ["if", "Tasks under a condition"],
  ["switch", "One of several lists of tasks, by a value"],
  ["parallel", "Tasks at the same time"],
  ["sequence", "Tasks one after the other"],
  ["foreach", "Tasks for each item of a list"],
  ["loop", "Tasks again and again"],
  ["dag", "Tasks in the order of what each needs"],
  ["script", "Code in a sandbox"],
  ["set", "Keeps values in variables"],
  ["wait", "Waits for a time or an event"],
  ["flow", "Starts another flow"],
  ["log", "Writes a line into the trace"],
  ["stop", "Ends the run"],
  ["fail", "Fails the run"],
];

/** Chooses what kind of task to add. Typing filters, the arrows go through, Enter adds. */
export function AddPalette({
  where,
  onChoose,
  onClose,
}: {
  /** What it will stand behind or in, in words. */
  where: string;
  onChoose(head: HeadKey): void;
  onClose(): void;
}) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const wanted = typed.trim().toLowerCase();
  const shown = kinds.filter(([head, about]) => `${head} ${about}`.toLowerCase().includes(wanted));
  useEffect(() => setAt(0), [wanted]);
  const chosen = shown[Math.min(at, shown.length - 1)];
  return (
    <Dialog title={`Add a task ${where}`} isOpen onClose={onClose}>
      <Input
        // The dialog is opened by a key or a click on a button: its first field is where one goes on.
        autoFocus
        role="combobox"
        aria-label="Kind of task"
        aria-expanded="true"
        aria-controls="kinds-of-tasks"
        aria-activedescendant={chosen === undefined ? undefined : `kind-${chosen[0]}`}
        placeholder="What should happen?"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt((now) => Math.min(now + 1, shown.length - 1));
          else if (event.key === "ArrowUp") setAt((now) => Math.max(now - 1, 0));
          else if (event.key === "Enter" && chosen !== undefined) onChoose(chosen[0]);
          else return;
          event.preventDefault();
        }}
      />
      <ul
        id="kinds-of-tasks"
        role="listbox"
        aria-label="Kinds of tasks"
        className="-mx-2 max-h-80 overflow-y-auto"
      >
        {shown.map(([head, about], index) => (
          <li
            key={head}
            id={`kind-${head}`}
            role="option"
            aria-selected={index === at}
            onPointerMove={() => setAt(index)}
            onClick={() => onChoose(head)}
            className="flex min-h-8 cursor-pointer items-center gap-3 rounded-(--radius-2) px-2 py-1 aria-selected:bg-(--accent-soft) pointer-coarse:min-h-11"
          >
            <KindIcon kind={head} />
            <span className="w-20 shrink-0 font-semibold">{head}</span>
            <span className="min-w-0 text-(--text-2)">{about}</span>
          </li>
        ))}
        {shown.length === 0 ? (
          <li className="px-2 py-1 text-(--text-2)">No kind of task is called that.</li>
        ) : null}
      </ul>
    </Dialog>
  );
}

/** All kinds of tasks beside the canvas: dragged onto a place, or added behind the selected task by a click. */
export const PaletteRail = memo(function PaletteRail({
  onGrab,
  onChoose,
}: {
  onGrab(event: PointerEvent, head: HeadKey): void;
  onChoose(head: HeadKey): void;
}) {
  return (
    <ul
      aria-label="Kinds of tasks to drag onto the canvas"
      className="flex w-10 shrink-0 flex-col overflow-y-auto border-r border-(--border) bg-(--surface) py-1 max-md:hidden @4xl:w-32 pointer-coarse:hidden"
    >
      {kinds.map(([head, about]) => (
        <li key={head}>
          <button
            type="button"
            title={`${head}: ${about}. Drag it onto the canvas, or click to add it behind the selected task`}
            aria-label={`Add ${head}`}
            onPointerDown={(event) => onGrab(event, head)}
            onClick={() => onChoose(head)}
            className="flex h-7 w-full cursor-grab touch-none items-center justify-center gap-2 px-2 text-(--text-2) select-none hover:bg-(--surface-3) hover:text-(--text) @4xl:justify-start"
          >
            <KindIcon kind={head} />
            <span className="hidden @4xl:inline">{head}</span>
          </button>
        </li>
      ))}
    </ul>
  );
});
