"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import type { FlowView } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Checkbox, Field, Input } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { useToast } from "../parts/toast.tsx";

type PausedFlow = Pick<FlowView, "slug" | "title" | "paused">;

/** Keeps a flow from starting runs, after asking why and what becomes of those that have begun. */
export function PauseFlow({ flow }: { flow: PausedFlow }) {
  const [isOpen, setOpen] = useState(false);
  if (flow.paused !== null) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Pause aria-hidden size={14} /> Pause
      </Button>
      <Dialog title={`Pause ${flow.title}?`} isOpen={isOpen} onClose={() => setOpen(false)}>
        <PauseForm flow={flow} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function PauseForm({ flow, onClose }: { flow: PausedFlow; onClose(): void }) {
  const trpc = useTRPC();
  const changed = useChanged();
  const [reason, setReason] = useState("");
  const [withRuns, setWithRuns] = useState(false);
  const pause = useMutation(
    trpc.flow.pause.mutationOptions({
      onSuccess: async ({ runs }) => {
        await changed(runs === 0 ? "Paused: it starts no runs." : `Paused, and ${count(runs)} with it.`);
        onClose();
      },
    }),
  );
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!pause.isPending) pause.mutate({ slug: flow.slug, reason, runs: withRuns ? "pause" : "goOn" });
      }}
    >
      <p className="text-(--text-2)">
        Until somebody resumes it, no run of it starts: not by hand, not by its triggers, not by other flows.
        What its triggers would have started meanwhile is not caught up.
      </p>
      <Field label="Reason" optional hint="Shown to whoever tries to start it.">
        {(ids) => (
          <Input
            {...ids}
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
      <Checkbox
        label="Pause its runs that are under way as well"
        checked={withRuns}
        onChange={(event) => setWithRuns(event.target.checked)}
      />
      <FormError error={pause.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Leave it on</Button>
        <Button type="submit" tone="primary" busy={pause.isPending}>
          <Pause aria-hidden size={14} /> Pause
        </Button>
      </div>
    </form>
  );
}

/** Says that a flow is paused, by whom and why, and lets it go on. */
export function PausedNotice({ flow, mayResume }: { flow: PausedFlow; mayResume: boolean }) {
  const trpc = useTRPC();
  const changed = useChanged();
  const [withRuns, setWithRuns] = useState(false);
  const resume = useMutation(
    trpc.flow.resume.mutationOptions({
      onSuccess: ({ runs }) =>
        changed(
          runs === 0 ? "Resumed: it starts runs again." : `Resumed, and ${count(runs)} that had been paused.`,
        ),
    }),
  );
  if (flow.paused === null) return null;
  const { by, at, reason } = flow.paused;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-(--radius-2) bg-(--wait-soft) px-3 py-2 text-(--wait)"
    >
      <p className="min-w-0 flex-1 basis-64 [overflow-wrap:anywhere]">
        Paused by {by} <RelativeTime at={at} />
        {reason === "" ? "" : `: ${reason}`}. It starts no runs until it is resumed.
      </p>
      {mayResume ? (
        <span className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Checkbox
            label="Let its paused runs go on as well"
            checked={withRuns}
            onChange={(event) => setWithRuns(event.target.checked)}
          />
          <Button
            size="small"
            busy={resume.isPending}
            onClick={() => resume.mutate({ slug: flow.slug, runs: withRuns ? "goOn" : "stay" })}
          >
            <Play aria-hidden size={14} /> Resume
          </Button>
        </span>
      ) : null}
      <FormError error={resume.error} />
    </div>
  );
}

function useChanged(): (told: string) => Promise<void> {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  return async (told) => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: trpc.flow.pathKey() }),
      queries.invalidateQueries({ queryKey: trpc.trigger.pathKey() }),
      queries.invalidateQueries({ queryKey: trpc.bulk.pathKey() }),
    ]);
    say(told);
  };
}

function count(runs: number): string {
  return runs === 1 ? "one run" : `${runs} runs`;
}
