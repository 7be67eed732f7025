"use client";
import { useQuery } from "@tanstack/react-query";
import { ArrowUpRight, Lock, Radio } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import type { ChildState, TaskState } from "#flow/machine/index.ts";
import { useTRPC } from "../../client/trpc.ts";

/** What a task has to do with others: its lock, the runs that it started, the event that it waits for. */
export function Crossing({ run, task }: { run: string; task: TaskState }) {
  const { lock, awaited, children = [] } = task;
  const waitsForLock = task.status.name === "locking";
  if (!lock && !awaited && children.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      {lock === undefined ? null : (
        <Row icon={<Lock aria-hidden size={15} />}>
          {waitsForLock ? (
            <LockHolder run={run} path={task.path} name={lock.name} />
          ) : lock.releasedAt === null ? (
            <>Holds the lock {lock.name}.</>
          ) : (
            <>Had the lock {lock.name}.</>
          )}
        </Row>
      )}
      {awaited?.received === null && task.status.name === "running" ? (
        <Row icon={<Radio aria-hidden size={15} />}>
          Waits for the event {awaited.name}
          {awaited.about === "" ? "" : ` for ${awaited.about}`}.
        </Row>
      ) : null}
      {children.map((child) => (
        <Row key={child.key} icon={<ArrowUpRight aria-hidden size={15} />}>
          <ChildLink child={child} />
        </Row>
      ))}
    </div>
  );
}

function Row({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <p className="flex items-start gap-2 text-(--text-2)">
      <span className="mt-0.5 shrink-0">{icon}</span>
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}

function ChildLink({ child }: { child: ChildState }) {
  const { facts, request, end } = child;
  const part = request.part;
  const name = part
    ? `Items from ${part.from + 1} on`
    : facts === null
      ? `A run of ${request.flow}`
      : `Run #${facts.number} of ${facts.title}`;
  const words = end
    ? { succeeded: "succeeded", failed: "failed", cancelled: "was cancelled" }[end.outcome]
    : facts === null
      ? "is about to start"
      : request.waits
        ? "is under way"
        : "goes on by itself";
  return (
    <>
      {facts === null ? (
        name
      ) : (
        <Link href={`/runs/${child.run}`} className="text-(--text) underline">
          {name}
        </Link>
      )}{" "}
      {words}.
    </>
  );
}

/** Who holds the lock changes while one waits: it is asked for again now and then. */
function LockHolder({ run, path, name }: { run: string; path: string; name: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.run.locks.queryOptions({ id: run }, { refetchInterval: 5000 }));
  const own = data?.find((lock) => lock.path === path);
  const holder = own?.holder;
  const ahead = (own?.before ?? 1) - 1;
  return (
    <>
      Waits for the lock {name}
      {holder ? (
        <>
          , held by{" "}
          <Link href={`/runs/${holder.id}`} className="text-(--text) underline">
            run #{holder.number} of {holder.title}
          </Link>
        </>
      ) : null}
      {ahead > 0 ? `. ${ahead} ${ahead === 1 ? "is" : "are"} before it in line` : ""}.
    </>
  );
}
