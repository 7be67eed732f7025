"use client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DraftView } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { History } from "lucide-react";
import type { Language } from "./language/client.ts";
import { Comparison } from "./publish/comparison.tsx";

/** What was published before, against the draft; any of it can be brought back into the draft. */
export function Revisions({
  facts,
  now,
  language,
  isReadOnly,
  onRestore,
  onClose,
}: {
  facts: DraftView;
  now: string;
  language: Language | null;
  isReadOnly: boolean;
  onRestore(text: string, number: number): void;
  onClose(): void;
}) {
  const trpc = useTRPC();
  const [chosen, setChosen] = useState(facts.latest?.number ?? 0);
  const shown = useQuery(
    trpc.flow.get.queryOptions({ slug: facts.slug, revision: chosen }, { enabled: chosen > 0 }),
  );
  return (
    <Dialog title="Revisions" isOpen isWide onClose={onClose}>
      {facts.revisions.length === 0 ? (
        <EmptyState icon={<History size={18} />} title="Nothing is published yet">
          Each publication stays here, with who made it and why.
        </EmptyState>
      ) : (
        <div className="grid gap-4 md:grid-cols-[240px_minmax(0,1fr)]">
          <ol className="max-h-[52vh] divide-y divide-(--border) overflow-y-auto rounded-(--radius-2) border border-(--border) max-md:max-h-40">
            {facts.revisions.map((row) => (
              <li key={row.id}>
                <button
                  type="button"
                  aria-current={row.number === chosen ? "true" : undefined}
                  onClick={() => setChosen(row.number)}
                  className="flex min-h-11 w-full items-center gap-2 px-3 py-1.5 text-left hover:bg-(--surface-2) aria-[current]:bg-(--accent-soft)"
                >
                  <span className="w-6 font-semibold tabular-nums">{row.number}</span>
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{row.message === "" ? "No message" : row.message}</span>
                    <span className="block truncate text-(--text-3) [font:var(--type-12)]">
                      {row.createdName}, <RelativeTime at={row.createdAt} />
                    </span>
                  </span>
                </button>
              </li>
            ))}
          </ol>
          <div className="flex min-w-0 flex-col gap-3">
            {shown.error !== null ? (
              <ErrorState error={shown.error} onRetry={() => void shown.refetch()} />
            ) : shown.data === undefined ? (
              <SkeletonRows rows={5} />
            ) : (
              <>
                <Comparison
                  before={shown.data.text}
                  after={now}
                  names={[`Revision ${chosen}`, "This draft"]}
                  language={language}
                />
                {isReadOnly ? null : (
                  <Button
                    className="self-start"
                    disabled={shown.data.text === now}
                    onClick={() => onRestore(shown.data.text, chosen)}
                  >
                    Bring revision {chosen} back into the draft
                  </Button>
                )}
              </>
            )}
          </div>
        </div>
      )}
    </Dialog>
  );
}
