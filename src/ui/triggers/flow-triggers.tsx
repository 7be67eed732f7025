"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { CalendarClock, Pause, Play } from "lucide-react";
import { useState } from "react";
import type { TriggerView } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { EmptyState, ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { useToast } from "../parts/toast.tsx";
import { HookConsole } from "./hook-console.tsx";
import { TriggerIcon, TriggerState } from "./marks.tsx";
import { Outcomes } from "./outcomes.tsx";

/** What starts a flow by itself: when next, what came of it, and a place to try webhooks. */
export function FlowTriggers({ slug }: { slug: string }) {
  const trpc = useTRPC();
  const triggers = useQuery(trpc.trigger.list.queryOptions({ flow: slug }));
  if (triggers.error !== null) {
    return (
      <Card flush>
        <ErrorState error={triggers.error} onRetry={() => void triggers.refetch()} />
      </Card>
    );
  }
  if (triggers.isPending) {
    return (
      <Card flush>
        <SkeletonRows rows={3} height={56} />
      </Card>
    );
  }
  if (triggers.data.length === 0) {
    return (
      <Card flush>
        <EmptyState icon={<CalendarClock size={18} />} title="This flow starts only when somebody starts it">
          Give it triggers in its text, such as{" "}
          <code className="[font:var(--type-code)]">
            {'triggers: [{ id: nightly, schedule: "0 2 * * *" }]'}
          </code>
          , and publish it.
        </EmptyState>
      </Card>
    );
  }
  return triggers.data.map((trigger) => <TriggerCard key={trigger.id} trigger={trigger} />);
}

function TriggerCard({ trigger }: { trigger: TriggerView }) {
  const { may } = useMe();
  return (
    <div id={trigger.name} className="scroll-mt-4">
      <Card
        title={
          <span className="flex items-center gap-2">
            <TriggerIcon kind={trigger.kind} />
            <span className="truncate">{trigger.title ?? trigger.name}</span>
            <TriggerState state={trigger.state} isHeld={trigger.flow.paused} />
          </span>
        }
        aside={may("flow.edit") && trigger.state !== "off" ? <PauseButton trigger={trigger} /> : null}
      >
        <div className="grid gap-x-8 gap-y-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.3fr)]">
          <div className="flex flex-col gap-3">
            <p className="[overflow-wrap:anywhere]">{trigger.waitsFor}</p>
            {trigger.paused === null ? null : (
              <p className="text-(--text-2)">
                Paused by {trigger.paused.by} <RelativeTime at={trigger.paused.at} />. What would have fired
                meanwhile is not caught up.
              </p>
            )}
            <Facts trigger={trigger} />
            {trigger.next.length === 0 ? null : (
              <div>
                <h3 className="font-medium">Next times</h3>
                <ol className="mt-1 flex flex-col gap-0.5 tabular-nums">
                  {trigger.next.map((at) => (
                    <li key={at}>
                      <RelativeTime at={at} />
                    </li>
                  ))}
                </ol>
              </div>
            )}
          </div>
          <div className="min-w-0">
            <h3 className="font-medium">What came of it</h3>
            <div className="mt-1">
              <MoreOutcomes trigger={trigger} />
            </div>
          </div>
        </div>
        {trigger.kind === "webhook" && may("flow.edit") ? <HookConsole trigger={trigger} /> : null}
      </Card>
    </div>
  );
}

function Facts({ trigger }: { trigger: TriggerView }) {
  const { definition } = trigger;
  const facts: [string, string][] = [];
  if (definition.description !== undefined) facts.push(["About", definition.description]);
  switch (definition.kind) {
    case "schedule":
      facts.push(["Schedule", definition.cron]);
      facts.push([
        "When missed",
        { none: "nothing is caught up", last: "the last one is caught up", all: "all are caught up" }[
          definition.catchUp
        ],
      ]);
      break;
    case "webhook":
      if (definition.when !== undefined) facts.push(["Only when", definition.when]);
      if (definition.idempotencyKey !== undefined) facts.push(["Same call", definition.idempotencyKey]);
      facts.push(["At most", `${definition.rateLimit.limit} calls in ${definition.rateLimit.per / 1000} s`]);
      break;
    case "flow":
      if (definition.when !== undefined) facts.push(["Only when", definition.when]);
      break;
  }
  for (const [name, value] of Object.entries(definition.with)) {
    facts.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
  }
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-0.5">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-(--text-2)">{name}</dt>
          <dd className="[overflow-wrap:anywhere]">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function MoreOutcomes({ trigger }: { trigger: TriggerView }) {
  const trpc = useTRPC();
  const [all, setAll] = useState(false);
  const more = useQuery(trpc.trigger.outcomes.queryOptions({ id: trigger.id, limit: 50 }, { enabled: all }));
  return (
    <>
      <Outcomes rows={more.data?.rows ?? trigger.last} />
      {trigger.last.length < 5 || all ? null : (
        <Button size="small" tone="quiet" onClick={() => setAll(true)}>
          Show the latest 50
        </Button>
      )}
    </>
  );
}

function PauseButton({ trigger }: { trigger: TriggerView }) {
  const trpc = useTRPC();
  const say = useToast();
  const list = useQuery(trpc.trigger.list.queryOptions({ flow: trigger.flow.slug }));
  const done = (text: string) => async () => {
    await list.refetch();
    say(text);
  };
  const pause = useMutation(
    trpc.trigger.pause.mutationOptions({ onSuccess: done("Paused: it starts nothing.") }),
  );
  const resume = useMutation(
    trpc.trigger.resume.mutationOptions({ onSuccess: done("Resumed: it starts runs again.") }),
  );
  const isPaused = trigger.state === "paused";
  return (
    <span className="flex items-center gap-2">
      <FormError error={pause.error ?? resume.error} />
      <Button
        size="small"
        busy={pause.isPending || resume.isPending}
        onClick={() => (isPaused ? resume.mutate({ id: trigger.id }) : pause.mutate({ id: trigger.id }))}
      >
        {isPaused ? <Play aria-hidden size={14} /> : <Pause aria-hidden size={14} />}
        {isPaused ? "Resume" : "Pause"}
      </Button>
    </span>
  );
}
