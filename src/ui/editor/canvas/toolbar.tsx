"use client";
import {
  ArrowDown,
  ArrowUp,
  BetweenHorizontalStart,
  Columns2,
  CopyPlus,
  CornerLeftUp,
  CornerRightDown,
  Move,
  PencilLine,
  Plus,
  Spline,
  StepForward,
  Trash2,
  type LucideIcon,
} from "lucide-react";
import { memo } from "react";
import { Button, IconButton } from "../../parts/button.tsx";

/** What can be done with the selected task. */
export type Deed =
  | "add"
  | "add-inside"
  | "up"
  | "down"
  | "into"
  | "out"
  | "place"
  | "needs"
  | "wrap"
  | "rename"
  | "duplicate"
  | "run-to"
  | "remove";

const deeds: readonly (readonly [Deed, string, LucideIcon])[] = [
  ["add-inside", "Add a task inside (Shift A)", BetweenHorizontalStart],
  ["up", "Move up (Alt ↑)", ArrowUp],
  ["down", "Move down (Alt ↓)", ArrowDown],
  ["into", "Move into the task above (Alt →)", CornerRightDown],
  ["out", "Move out of its group (Alt ←)", CornerLeftUp],
  ["place", "Move to another place (M)", Move],
  ["needs", "Choose what it waits for (N)", Spline],
  ["wrap", "Wrap in parallel (W)", Columns2],
  ["rename", "Rename (F2)", PencilLine],
  ["duplicate", "Duplicate (Ctrl D)", CopyPlus],
  ["run-to", "Run to here", StepForward],
  ["remove", "Delete (Del)", Trash2],
];

/** All of them, in the order in which they are offered. */
export const allDeeds: readonly Deed[] = ["add", ...deeds.map(([deed]) => deed)];

export const Toolbar = memo(function Toolbar({
  where,
  possible,
  onDo,
}: {
  /** Behind what a new task comes, in words for the tip. */
  where: string;
  /** What can be done right now, joined by spaces. */
  possible: string;
  onDo(deed: Deed): void;
}) {
  const can = (deed: Deed): boolean => possible.split(" ").includes(deed);
  return (
    <div
      role="toolbar"
      aria-label="What to do with the tasks"
      className="flex min-h-10 shrink-0 items-center gap-0.5 overflow-x-auto border-b border-(--border) px-2"
    >
      <Button
        size="small"
        tone="quiet"
        disabled={!can("add")}
        title={`Add a task ${where} (A)`}
        onClick={() => onDo("add")}
      >
        <Plus aria-hidden size={14} /> Add
      </Button>
      {deeds.map(([deed, label, Icon]) =>
        deed === "needs" && !can(deed) ? null : (
          <IconButton key={deed} label={label} disabled={!can(deed)} onClick={() => onDo(deed)}>
            <Icon aria-hidden size={14} />
          </IconButton>
        ),
      )}
    </div>
  );
});

/** The deed that a key means; null for other keys. */
export function deedOf(event: {
  readonly key: string;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}): Deed | null {
  const { key } = event;
  if (event.ctrlKey || event.metaKey) return key.toLowerCase() === "d" ? "duplicate" : null;
  if (event.altKey) {
    if (key === "ArrowUp") return "up";
    if (key === "ArrowDown") return "down";
    if (key === "ArrowRight") return "into";
    return key === "ArrowLeft" ? "out" : null;
  }
  switch (key) {
    case "a":
      return "add";
    case "A":
      return "add-inside";
    case "m":
      return "place";
    case "n":
      return "needs";
    case "w":
      return "wrap";
    case "F2":
      return "rename";
    case "Delete":
    case "Backspace":
      return "remove";
    default:
      return null;
  }
}
