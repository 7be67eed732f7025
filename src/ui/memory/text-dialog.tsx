"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { LiveClient } from "#collab/client.ts";
import type { MemoryEntry } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { SaveStatus } from "../editor/save-status.tsx";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { FormError, SkeletonRows } from "../parts/states.tsx";
import { Details, type EntryType } from "./details.tsx";
import { LiveText } from "./live-text.tsx";
import { NextReaders } from "./next-readers.tsx";
import { useEntryText, useHere, useMemoryFacts } from "./use-memory-live.ts";
import { tagsOf } from "./value.ts";
import { Here } from "./writer.tsx";

/** Writes the text of an entry together with whoever else has it open. There is nothing to save: what is typed counts. */
export function TextDialog({
  subject,
  scope,
  entry,
  client,
  onClose,
}: {
  subject: string | undefined;
  scope: string;
  entry: MemoryEntry;
  client: LiveClient;
  onClose(): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { name } = entry;
  const [type, setType] = useState(entry.type);
  const [tags, setTags] = useState(entry.tags.join(", "));
  const text = useEntryText(client, name);
  const { status, writers } = useMemoryFacts(client);
  const hadText = useRef(false);
  useHere(client, name);
  const open = useMutation(trpc.memory.open.mutationOptions());
  const describe = useMutation(
    trpc.memory.describe.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.memory.pathKey() }),
    }),
  );
  const openText = open.mutate;
  useEffect(() => {
    if (text !== null) hadText.current = true;
    else if (!hadText.current) openText({ subject, name });
  }, [text, subject, name, openText]);
  const said = (next: { type?: EntryType; tags?: string[] }): void =>
    describe.mutate({ subject, name, ...next });
  const close = (): void => {
    void queries.invalidateQueries({ queryKey: trpc.memory.pathKey() });
    onClose();
  };
  return (
    <Dialog title={`Edit ${scope}:${name}`} isOpen onClose={close}>
      {text !== null ? (
        <LiveText client={client} text={text} label={`Text of ${scope}:${name}`} />
      ) : hadText.current ? (
        <p className="text-(--text-2)">
          Somebody forgot this entry, or made it JSON. Its history has what it said.
        </p>
      ) : status === "offline" ? (
        <p className="text-(--text-2)">
          There is no connection. A text that was not open before waits for one.
        </p>
      ) : (
        <SkeletonRows rows={2} height={56} />
      )}
      {status === "closed" || status === "refused" ? (
        <p role="alert" className="text-(--fail)">
          What you type here is not taken any more. Copy what you need, and load the page again.
        </p>
      ) : null}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <SaveStatus status={status} />
        <Here people={writers.get(name) ?? []} />
      </div>
      <Details
        type={type}
        tags={tags}
        onType={(next) => {
          setType(next);
          said({ type: next });
        }}
        onTags={setTags}
        onDone={() => {
          const next = tagsOf(tags);
          if (next.join() !== entry.tags.join()) said({ tags: next });
        }}
      />
      <NextReaders subject={subject} name={name} />
      <FormError error={open.error ?? describe.error} />
      <div className="flex justify-end">
        <Button tone="primary" onClick={close}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
