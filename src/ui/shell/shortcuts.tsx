"use client";
import { Dialog } from "../parts/dialog.tsx";
import { Kbd } from "../parts/kbd.tsx";
import { places } from "./places.ts";

const others: readonly (readonly [string, readonly string[]])[] = [
  ["Search and commands", ["Ctrl", "K"]],
  ["This list", ["?"]],
  ["On a question: the first button", ["A"]],
  ["On a question: the second button", ["R"]],
  ["In the editor, on the graph: add a task", ["A"]],
  ["In the editor, on the graph: move the task", ["Alt", "↑", "↓", "←", "→"]],
  ["In the editor, on the graph: duplicate, delete", ["Ctrl D", "Del"]],
  ["In the editor, in the text: complete", ["Ctrl", "Space"]],
  ["In the editor, in the text: leave it by Tab", ["Esc", "Tab"]],
  ["On a run: move through the trace", ["↑", "↓"]],
  ["On a run: copy the link", ["C"]],
];

export default function Shortcuts({ onClose }: { onClose(): void }) {
  const rows = [
    ...places.map((place) => [`Go to ${place.title}`, ["G", place.key.toUpperCase()]] as const),
    ...others,
  ];
  return (
    <Dialog title="Shortcuts" isOpen onClose={onClose}>
      <dl className="grid grid-cols-[1fr_max-content] gap-x-6 gap-y-1.5">
        {rows.map(([what, keys]) => (
          <div key={what} className="contents">
            <dt>{what}</dt>
            <dd className="flex gap-1">
              <span className="sr-only">{keys.join(" then ")}</span>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
