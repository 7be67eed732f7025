"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { MemoryEntry } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Field, Input, Select, Textarea } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { Details, type EntryType } from "./details.tsx";
import { NextReaders } from "./next-readers.tsx";
import { editable, type Form, formOf, tagsOf, valueOf } from "./value.ts";

/** Writes an entry as a whole, new or over the version that is shown. Texts that are there are typed in instead. */
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
  const [form, setForm] = useState<Form>(entry === null ? "text" : formOf(entry.value));
  const [problem, setProblem] = useState<string | null>(null);
  const [type, setType] = useState<EntryType>(entry?.type ?? "fact");
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
          const read = valueOf(form, text);
          setProblem("problem" in read ? read.problem : null);
          if ("problem" in read) return;
          set.mutate({
            subject,
            name: name.trim(),
            value: read.value,
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
        <Field label="Holds">
          {(ids) => (
            <Select
              {...ids}
              value={form}
              onChange={(event) => {
                setForm(event.target.value === "JSON" ? "JSON" : "text");
                setProblem(null);
              }}
            >
              <option value="text">Text, which people can type in together</option>
              <option value="JSON">JSON, such as 12, true, a list or a map</option>
            </Select>
          )}
        </Field>
        <Field label="Value" error={problem}>
          {(ids) => (
            <Textarea
              {...ids}
              rows={7}
              value={text}
              className={form === "JSON" ? "font-mono [font-size:12px]" : ""}
              onChange={(event) => {
                setText(event.target.value);
                setProblem(null);
              }}
            />
          )}
        </Field>
        <Details type={type} tags={tags} onType={setType} onTags={setTags} />
        {entry === null ? null : <NextReaders subject={subject} name={entry.name} />}
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
