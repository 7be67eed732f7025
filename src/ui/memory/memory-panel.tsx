"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { BookMarked, History, Pencil, Trash2 } from "lucide-react";
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useRef, useState } from "react";
import type { LiveClient, Person } from "#collab/client.ts";
import type { ListedEntry } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button, IconButton } from "../parts/button.tsx";
import { Input } from "../parts/field.tsx";
import { EmptyState, ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { EntryDialog } from "./entry-dialog.tsx";
import { HistoryDialog } from "./history-dialog.tsx";
import { useEntryText, useMemoryFacts, useMemoryLive, useWords } from "./use-memory-live.ts";
import { shown } from "./value.ts";
import { Here, Writer } from "./writer.tsx";

/** With the code editor, which only who edits a text has to load. */
const TextDialog = lazy(async () => ({ default: (await import("./text-dialog.tsx")).TextDialog }));

const empties = {
  workspace:
    "What every flow should know: policies, names, decisions. Agents read it where their flow grants workspace: keys.",
  flow: "What runs of this flow leave for the next ones. Agents write it where the flow grants flow: keys.",
  run: "What the agents of this run tell each other. Tasks write here with remember, agents with the memory tools.",
} as const;

/** How long lists wait for more of what is being typed before they are read again. */
const togetherMs = 400;

/** Does it soon; once for all that ask for it until then. */
function useSoon(act: () => void): () => void {
  const timer = useRef<number | null>(null);
  const last = useRef(act);
  last.current = act;
  useEffect(
    () => () => {
      if (timer.current !== null) window.clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return useCallback(() => {
    timer.current ??= window.setTimeout(() => {
      timer.current = null;
      last.current();
    }, togetherMs);
  }, []);
}

/** One memory: its entries as they are written, to be searched, edited, and taken back. */
export function MemoryPanel({
  subject,
  scope,
}: {
  /** Id of a flow or a run; the workspace's memory when left out. */
  subject?: string;
  scope: "workspace" | "flow" | "run";
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { me, may } = useMe();
  const mayEdit = may("flow.edit");
  const [text, setText] = useState("");
  const search = useDeferredValue(text.trim());
  const [open, setOpen] = useState<
    { kind: "edit"; entry: ListedEntry | null } | { kind: "history"; name: string } | null
  >(null);
  const memory = useQuery(
    trpc.memory.list.queryOptions({ subject, text: search }, { placeholderData: (before) => before }),
  );
  const readAgain = useSoon(() => void queries.invalidateQueries({ queryKey: trpc.memory.list.pathKey() }));
  useSubscription(trpc.memory.watch.subscriptionOptions({ subject }, { onData: readAgain }));
  const client = useMemoryLive(subject ?? me?.workspace.id, me?.user.id);
  const { writers } = useMemoryFacts(client);
  const forget = useMutation(
    trpc.memory.forget.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.memory.pathKey() }),
    }),
  );
  const close = (): void => setOpen(null);
  const add = mayEdit ? (
    <Button tone="primary" onClick={() => setOpen({ kind: "edit", entry: null })}>
      Remember something
    </Button>
  ) : null;
  const isEmpty = memory.data?.total === 0;
  return (
    <div className="flex flex-col">
      {isEmpty ? null : (
        <div className="flex flex-wrap items-center gap-2 border-b border-(--border) px-4 py-2">
          <Input
            type="search"
            aria-label="Search this memory"
            placeholder="Search names, values, tags and writers"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="w-auto min-w-0 flex-1 basis-56"
          />
          {add}
        </div>
      )}
      <FormError error={forget.error} />
      {memory.error !== null ? (
        <ErrorState error={memory.error} onRetry={() => void memory.refetch()} />
      ) : memory.isPending ? (
        <SkeletonRows rows={4} height={64} />
      ) : isEmpty ? (
        <EmptyState icon={<BookMarked size={18} />} title="Nothing is remembered here yet" action={add}>
          {empties[scope]}
        </EmptyState>
      ) : memory.data.entries.length === 0 ? (
        <p className="p-6 text-(--text-2)">No entry has these words.</p>
      ) : (
        <ul className="divide-y divide-(--border)" aria-label="Entries">
          {memory.data.entries.map((entry) => (
            <Row
              key={entry.name}
              entry={entry}
              client={client}
              here={writers.get(entry.name) ?? nobody}
              scope={scope}
              mayEdit={mayEdit}
              onEdit={() => setOpen({ kind: "edit", entry })}
              onHistory={() => setOpen({ kind: "history", name: entry.name })}
              onForget={() => forget.mutate({ subject, name: entry.name, ifVersion: entry.version })}
            />
          ))}
        </ul>
      )}
      {open?.kind === "edit" ? (
        client !== null && open.entry !== null && typeof open.entry.value === "string" ? (
          <Suspense fallback={null}>
            <TextDialog subject={subject} scope={scope} entry={open.entry} client={client} onClose={close} />
          </Suspense>
        ) : (
          <EntryDialog subject={subject} scope={scope} entry={open.entry} onClose={close} />
        )
      ) : null}
      {open?.kind === "history" ? (
        <HistoryDialog subject={subject} scope={scope} name={open.name} mayEdit={mayEdit} onClose={close} />
      ) : null}
    </div>
  );
}

const nobody: readonly Person[] = [];

function Row({
  entry,
  client,
  here,
  scope,
  mayEdit,
  onEdit,
  onHistory,
  onForget,
}: {
  entry: ListedEntry;
  client: LiveClient | null;
  /** The others who have it open. */
  here: readonly Person[];
  scope: string;
  mayEdit: boolean;
  onEdit(): void;
  onHistory(): void;
  onForget(): void;
}) {
  const key = `${scope}:${entry.name}`;
  const [last] = entry.readBy;
  // As it is being typed, ahead of what the list was told.
  const words = useWords(useEntryText(client, entry.name));
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_max-content] gap-x-3 gap-y-1 px-4 py-2.5">
      <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-mono font-medium break-all [font-size:13px]">{key}</span>
        <span className="rounded-(--radius-1) bg-(--surface-3) px-1.5 text-(--text-2) [font:var(--type-12)]">
          {entry.type}
        </span>
        {entry.tags.map((tag) => (
          <span
            key={tag}
            className="rounded-(--radius-1) border border-(--border) px-1.5 text-(--text-2) [font:var(--type-12)]"
          >
            {tag}
          </span>
        ))}
      </div>
      <div className="row-span-2 flex items-start">
        <IconButton label={`History of ${key}`} onClick={onHistory}>
          <History size={15} />
        </IconButton>
        {mayEdit ? (
          <>
            <IconButton label={`Edit ${key}`} onClick={onEdit}>
              <Pencil size={15} />
            </IconButton>
            <IconButton label={`Forget ${key}`} onClick={onForget}>
              <Trash2 size={15} />
            </IconButton>
          </>
        ) : null}
      </div>
      <p className="line-clamp-3 min-w-0 break-words whitespace-pre-wrap">{words ?? shown(entry.value)}</p>
      <p className="col-span-2 flex min-w-0 flex-wrap items-center gap-x-2 text-(--text-2) [font:var(--type-12)]">
        <Writer entry={entry} />
        <RelativeTime at={entry.at} />
        {entry.expiresAt === null ? null : (
          <span>
            expires <RelativeTime at={entry.expiresAt} />
          </span>
        )}
        <span className="text-(--text-3)">
          {last === undefined
            ? "not read yet"
            : `last read by ${last.agent === "" ? (last.path === "" ? "the outputs" : last.path) : last.agent}, version ${last.version}`}
        </span>
        <Here people={here} />
      </p>
    </li>
  );
}
