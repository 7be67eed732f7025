"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { MemoryEntry, ReadBy } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { useToast } from "../parts/toast.tsx";
import { NextReaders } from "./next-readers.tsx";
import { editable } from "./value.ts";
import { Writer } from "./writer.tsx";

/** All kept versions of an entry with who wrote each, who read it, and the way back for one writer's work. */
export function HistoryDialog({
  subject,
  scope,
  name,
  mayEdit,
  onClose,
}: {
  subject: string | undefined;
  scope: string;
  name: string;
  mayEdit: boolean;
  onClose(): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  const history = useQuery(trpc.memory.history.queryOptions({ subject, name }));
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: trpc.memory.pathKey() });
  const undo = useMutation(
    trpc.memory.undoAgent.mutationOptions({
      onSuccess: async ({ undone }) => {
        say(undone.length === 1 ? "One entry was taken back" : `${undone.length} entries were taken back`);
        await refresh();
      },
    }),
  );
  const [present] = history.data?.versions ?? [];
  return (
    <Dialog title={`${scope}:${name}`} isOpen isWide onClose={onClose}>
      {history.error !== null ? (
        <ErrorState error={history.error} />
      ) : history.isPending ? (
        <SkeletonRows rows={3} height={56} />
      ) : (
        <div className="flex max-h-[70dvh] flex-col gap-4 overflow-y-auto">
          <ol className="flex flex-col gap-3" aria-label="Versions">
            {history.data.versions.map((version) => (
              <Version key={version.version} version={version} />
            ))}
          </ol>
          <Readers readBy={history.data.readBy} />
          {present === undefined || present.gone ? null : <NextReaders subject={subject} name={name} />}
        </div>
      )}
      <FormError error={undo.error} />
      <div className="flex flex-wrap justify-end gap-2">
        {mayEdit && present !== undefined && present.by.kind !== "person" ? (
          <Button busy={undo.isPending} onClick={() => undo.mutate({ subject, writer: present.by.id })}>
            Undo all that {present.by.name} wrote here
          </Button>
        ) : null}
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function Version({ version }: { version: MemoryEntry }) {
  return (
    <li className="grid gap-1 border-l-2 border-(--border-strong) pl-3">
      <p className="flex flex-wrap items-center gap-x-2 text-(--text-2)">
        <span className="font-medium text-(--text) tabular-nums">Version {version.version}</span>
        <Writer entry={version} />
        <RelativeTime at={version.at} />
        {version.undoes === null ? null : <span>took writes back</span>}
      </p>
      {version.gone ? (
        <p className="text-(--text-3)">Forgotten</p>
      ) : (
        <pre className="max-h-40 overflow-auto rounded-(--radius-2) bg-(--surface-2) px-2.5 py-1.5 font-mono whitespace-pre-wrap [font-size:12px]">
          {editable(version.value)}
        </pre>
      )}
    </li>
  );
}

function Readers({ readBy }: { readBy: readonly ReadBy[] }) {
  return (
    <section className="flex flex-col gap-1">
      <h3 className="font-semibold">Read by</h3>
      {readBy.length === 0 ? (
        <p className="text-(--text-2)">No step has read it yet.</p>
      ) : (
        <ul className="divide-y divide-(--border)">
          {readBy.map(({ runId, runNumber, path, agent, version, at }) => (
            <li key={`${runId} ${path} ${agent}`} className="flex flex-wrap items-center gap-x-2 py-1.5">
              <Link
                href={`/runs/${runId}?task=${encodeURIComponent(path)}`}
                className="text-(--accent-text) underline underline-offset-2"
              >
                Run {runNumber}, {path === "" ? "outputs" : path}
              </Link>
              {agent === "" ? null : <span>by {agent}</span>}
              <span className="text-(--text-2)">
                {version === 0 ? "found nothing" : `version ${version}`}, <RelativeTime at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
