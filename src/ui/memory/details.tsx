"use client";
import { Field, Input, Select } from "../parts/field.tsx";
import type { MemoryEntry } from "#api/index.ts";

export const entryTypes = ["fact", "note", "decision", "artefact"] as const;
export type EntryType = MemoryEntry["type"];

/** What an entry is said to be: its type and tags. `onDone` when somebody leaves the tags. */
export function Details({
  type,
  tags,
  onType,
  onTags,
  onDone,
}: {
  type: EntryType;
  tags: string;
  onType(type: EntryType): void;
  onTags(tags: string): void;
  onDone?(): void;
}) {
  return (
    <div className="grid gap-4 sm:grid-cols-[160px_1fr]">
      <Field label="Type">
        {(ids) => (
          <Select
            {...ids}
            value={type}
            onChange={(event) => onType(entryTypes.find((one) => one === event.target.value) ?? "fact")}
          >
            {entryTypes.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Tags" optional>
        {(ids) => (
          <Input
            {...ids}
            placeholder="refund, policy"
            value={tags}
            onChange={(event) => onTags(event.target.value)}
            onBlur={onDone}
          />
        )}
      </Field>
    </div>
  );
}
