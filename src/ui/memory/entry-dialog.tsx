"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { MemoryEntry } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Field, Input, Select, Textarea } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { editable, tagsOf, typed } from "./value.ts";

const types = ["fact", "note", "decision", "artefact"] as const;

/** Writes an entry, new or over the version that is shown. */
export function EntryDialog({
  subject,
  scope,
  entry,
  onClose,
}: {
  subject: string | undefined;
  scope: string;
  /** Null: a new one. */
  entry: MemoryEntry | null;
  onClose(): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [name, setName] = useState(entry?.name ?? "");
  const [text, setText] = useState(entry === null ? "" : editable(entry.value));
  const [type, setType] = useState(entry?.type ?? "fact");
  const [tags, setTags] = useState(entry?.tags.join(", ") ?? "");
  const set = useMutation(
    trpc.memory.set.mutationOptions({
      onSuccess: async () => {
        await queries.invalidateQueries({ queryKey: trpc.memory.pathKey() });
        onClose();
      },
    }),
  );
  return (
    <Dialog
      title={entry === null ? "Remember something" : `Edit ${scope}:${entry.name}`}
      isOpen
      onClose={onClose}
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({
            subject,
            name: name.trim(),
            value: typed(text),
            type,
            tags: tagsOf(tags),
            ifVersion: entry?.version ?? 0,
          });
        }}
      >
        {entry === null ? (
          <Field
            label="Name"
            hint={`Agents know it as ${scope}:${name.trim() === "" ? "NAME" : name.trim()}. Letters, digits, ".", "_", "-" and "/".`}
          >
            {(ids) => (
              <Input
                {...ids}
                required
                maxLength={160}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
        ) : null}
        <Field label="Value" hint="A text, or JSON such as 12, true or a list.">
          {(ids) => (
            <Textarea {...ids} rows={7} value={text} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
        <div className="grid gap-4 sm:grid-cols-[160px_1fr]">
          <Field label="Type">
            {(ids) => (
              <Select
                {...ids}
                value={type}
                onChange={(event) => setType(types.find((one) => one === event.target.value) ?? "fact")}
              >
                {types.map((one) => (
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
                onChange={(event) => setTags(event.target.value)}
              />
            )}
          </Field>
        </div>
        {entry === null ? null : (
          <p className="text-(--text-2)">
            What you save counts from the next step on in which an agent or a task reads it.
          </p>
        )}
        <FormError error={set.error} />
        <div className="flex justify-end gap-2">
          <Button tone="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button tone="primary" type="submit" busy={set.isPending}>
            {entry === null ? "Remember" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
