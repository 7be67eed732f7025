"use client";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";

/** What a task of a dag waits for, as a list to tick: the edges without drawing. Each tick is a change of the text. */
export function NeedsDialog({
  name,
  others,
  onSet,
  onClose,
}: {
  name: string;
  /** The tasks beside it. */
  others: readonly { readonly id: string; readonly name: string; readonly isNeeded: boolean }[];
  onSet(id: string, isNeeded: boolean): void;
  onClose(): void;
}) {
  return (
    <Dialog title={`What ${name} waits for`} isOpen onClose={onClose}>
      <fieldset className="flex max-h-80 flex-col overflow-y-auto">
        <legend className="sr-only">Tasks beside it</legend>
        {others.map((other) => (
          <label key={other.id} className="flex min-h-8 items-center gap-2 pointer-coarse:min-h-11">
            <input
              type="checkbox"
              className="size-4 accent-(--accent)"
              checked={other.isNeeded}
              onChange={(event) => onSet(other.id, event.target.checked)}
            />
            {other.name}
          </label>
        ))}
        {others.length === 0 ? <p className="text-(--text-2)">No other task stands beside it.</p> : null}
      </fieldset>
      <div className="flex justify-end">
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  );
}
