"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCw, Square, X } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { BulkRow } from "#api/index.ts";
import { useTRPC, type Inputs } from "../client/trpc.ts";
import { Button, IconButton } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Field, Input } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";

export type Chosen =
  | { readonly kind: "some"; readonly ids: ReadonlySet<string> }
  /** All that match the filters, also those that are not listed yet. */
  | { readonly kind: "all" };

type Filter = {
  flow: string | undefined;
  state: string | undefined;
  mine: boolean;
  sandbox: "only" | "too" | undefined;
  label: string;
};

const words = {
  cancel: { verb: "Cancel", under: "Cancelling", done: "asked to stop" },
  retry: { verb: "Retry", under: "Retrying", done: "taken up again" },
  pause: { verb: "Pause", under: "Pausing", done: "asked to pause" },
  resume: { verb: "Go on with", under: "Resuming", done: "asked to go on" },
} as const;

/** What may be done with the chosen runs. */
export function BulkBar({
  chosen,
  filter,
  isMore,
  onAll,
  onClear,
}: {
  chosen: Chosen;
  filter: Filter;
  /** Whether there are runs that match and are not chosen. */
  isMore: boolean;
  onAll(): void;
  onClear(): void;
}) {
  const [action, setAction] = useState<"cancel" | "retry" | null>(null);
  const count = chosen.kind === "all" ? "All that match" : `${chosen.ids.size} chosen`;
  return (
    <div
      role="group"
      aria-label="Chosen runs"
      className="sticky bottom-0 z-10 flex flex-wrap items-center gap-2 rounded-(--radius-3) border border-(--border-strong) bg-(--surface) px-3 py-2 max-md:bottom-16"
    >
      <span aria-live="polite" className="font-medium tabular-nums">
        {count}
      </span>
      {chosen.kind === "some" && isMore ? (
        <Button size="small" tone="quiet" onClick={onAll}>
          Choose all that match
        </Button>
      ) : null}
      <span className="ml-auto flex items-center gap-2">
        <Button size="small" onClick={() => setAction("retry")}>
          <RotateCw aria-hidden size={14} /> Retry
        </Button>
        <Button size="small" onClick={() => setAction("cancel")}>
          <Square aria-hidden size={13} /> Cancel
        </Button>
        <IconButton label="Choose none" onClick={onClear}>
          <X aria-hidden size={14} />
        </IconButton>
      </span>
      <Dialog
        title={
          action === null
            ? ""
            : `${words[action].verb} ${chosen.kind === "all" ? "all runs that match" : runs(chosen.ids.size)}?`
        }
        isOpen={action !== null}
        onClose={() => setAction(null)}
      >
        {action === null ? null : (
          <BulkForm
            action={action}
            chosen={chosen}
            filter={filter}
            onClose={() => setAction(null)}
            onStarted={() => {
              setAction(null);
              onClear();
            }}
          />
        )}
      </Dialog>
    </div>
  );
}

function BulkForm({
  action,
  chosen,
  filter,
  onClose,
  onStarted,
}: {
  action: "cancel" | "retry";
  chosen: Chosen;
  filter: Filter;
  onClose(): void;
  onStarted(): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const start = useMutation(
    trpc.bulk.start.mutationOptions({
      onSuccess: () => {
        void queries.invalidateQueries({ queryKey: trpc.bulk.pathKey() });
        onStarted();
      },
    }),
  );
  const send = (): void => {
    const { flow, state, mine, sandbox, label } = filter;
    const matching = {
      ...(flow === undefined ? {} : { flow }),
      ...(state === undefined ? {} : { state }),
      ...(label === "" ? {} : { label }),
      ...(sandbox === undefined ? {} : { sandbox }),
      mine,
    };
    const runs = chosen.kind === "all" ? { filter: matching } : { ids: [...chosen.ids] };
    start.mutate({ action, reason, runs } as Inputs["bulk"]["start"]);
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!start.isPending) send();
      }}
    >
      <p className="text-(--text-2)">
        {action === "cancel"
          ? "What is under way in them is stopped, and open approvals are withdrawn. What was done stays done."
          : "Each goes on where it failed or was stopped: what is finished stays, the rest runs again."}
      </p>
      <Field label="Reason" hint="Shown in the audit" optional>
        {(ids) => (
          <Input
            {...ids}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
      <FormError error={start.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        <Button type="submit" tone={action === "cancel" ? "danger" : "primary"} busy={start.isPending}>
          {words[action].verb} them
        </Button>
      </div>
    </form>
  );
}

/** How long a finished job is still shown, in milliseconds. */
const shownMs = 600_000;

/** How far the last jobs have come; those that are finished can be put away. */
export function BulkProgress() {
  const trpc = useTRPC();
  const jobs = useQuery(
    trpc.bulk.list.queryOptions(undefined, {
      // News may get lost with the line: a job under way is looked at now and then.
      refetchInterval: ({ state }) =>
        state.data?.some((job) => job.finishedAt === null) === true ? 2_000 : false,
    }),
  );
  const [away, setAway] = useState<ReadonlySet<string>>(new Set());
  const now = jobs.dataUpdatedAt;
  const shown = (jobs.data ?? []).filter(
    (job) => !away.has(job.id) && (job.finishedAt === null || now - job.finishedAt < shownMs),
  );
  if (shown.length === 0) return null;
  return (
    <ul aria-label="Done with many runs at once" className="flex flex-col gap-2">
      {shown.map((job) => (
        <li key={job.id}>
          <JobCard job={job} onAway={() => setAway(new Set([...away, job.id]))} />
        </li>
      ))}
    </ul>
  );
}

function JobCard({ job, onAway }: { job: BulkRow; onAway(): void }) {
  const isOver = job.finishedAt !== null;
  const came = job.done + job.failed;
  const { under, done } = words[job.action];
  const title = isOver ? `${runs(job.done)} ${done}` : `${under} ${runs(job.total)}`;
  return (
    <div className="rounded-(--radius-3) border border-(--border) bg-(--surface) px-4 py-3">
      <div className="flex items-center gap-3">
        <span role="status" className="min-w-0 flex-1 font-medium">
          {title}
          {job.failed === 0 ? "" : `, ${job.failed} not`}
          <span className="ml-2 font-normal text-(--text-2)">asked by {job.by.name}</span>
        </span>
        <span className="text-(--text-2) tabular-nums">
          {came} of {job.total}
        </span>
        {isOver ? (
          <IconButton label="Put away" onClick={onAway}>
            <X aria-hidden size={14} />
          </IconButton>
        ) : null}
      </div>
      <div
        role="progressbar"
        aria-label={title}
        aria-valuenow={came}
        aria-valuemin={0}
        aria-valuemax={job.total}
        className="mt-2 flex h-1.5 overflow-hidden rounded-full bg-(--surface-3)"
      >
        <div className="h-full bg-(--accent)" style={{ width: `${(job.done / job.total) * 100}%` }} />
        <div className="h-full bg-(--fail)" style={{ width: `${(job.failed / job.total) * 100}%` }} />
      </div>
      {job.failures.length === 0 ? null : (
        <ul className="mt-2 flex flex-col gap-1 text-(--text-2)">
          {job.failures.map((failure) => (
            <li key={failure.run}>
              <Link href={`/runs/${failure.run}`} className="text-(--text) underline underline-offset-2">
                {failure.flowTitle}, run {failure.number}
              </Link>
              : {failure.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function runs(count: number): string {
  return count === 1 ? "one run" : `${count} runs`;
}
