"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Bell, BellRing, Inbox as InboxIcon } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useEffect, useState } from "react";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../parts/states.tsx";
import { ApprovalCard } from "./approval-card.tsx";
import { NoticeRows } from "./notice-rows.tsx";

const tabs = [
  ["pending", "Waiting"],
  ["decided", "Decided"],
  ["notices", "Notices"],
] as const;

/** Approvals and forms assigned to my roles, what became of earlier ones, and what I was told. */
export function InboxPage() {
  const asked = useSearchParams().get("show");
  const shown = tabs.find(([name]) => name === asked)?.[0] ?? "pending";
  return (
    <Page
      narrow
      title="Inbox"
      about="Decisions and answers that your roles are asked for."
      actions={<BrowserNotices />}
    >
      <nav aria-label="Inbox" className="flex gap-5 border-b border-(--border)">
        {tabs.map(([name, title]) => (
          <Link
            key={name}
            href={name === "pending" ? "/inbox" : `/inbox?show=${name}`}
            replace
            aria-current={shown === name ? "page" : undefined}
            className="-mb-px inline-flex h-9 items-center border-b-2 border-transparent text-(--text-2) hover:text-(--text) aria-[current]:border-(--text) aria-[current]:font-medium aria-[current]:text-(--text) pointer-coarse:h-11"
          >
            {title}
          </Link>
        ))}
      </nav>
      {shown === "notices" ? <Notices /> : <Approvals state={shown} />}
    </Page>
  );
}

function Approvals({ state }: { state: "pending" | "decided" }) {
  const trpc = useTRPC();
  const list = useQuery(trpc.inbox.list.queryOptions({ state }));
  if (list.error !== null) {
    return (
      <Card flush>
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      </Card>
    );
  }
  if (list.isPending) {
    return (
      <Card flush>
        <SkeletonRows rows={3} height={96} />
      </Card>
    );
  }
  if (list.data.length === 0) {
    return (
      <Card flush>
        <EmptyState
          icon={<InboxIcon size={18} />}
          title={state === "pending" ? "Nothing waits for you" : "Nothing was decided yet"}
        >
          {state === "pending"
            ? "When a run needs a decision or an answer from one of your roles, it appears here at once."
            : "Decisions stay here with who made them and when."}
        </EmptyState>
      </Card>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      {list.data.map((approval, index) => (
        <ApprovalCard
          key={approval.id}
          approval={approval}
          showRun
          hotkeys={state === "pending" && index === 0}
        />
      ))}
    </div>
  );
}

function Notices() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const list = useQuery(trpc.inbox.notifications.queryOptions());
  const read = useMutation(
    trpc.inbox.read.mutationOptions({
      onSettled: () => queries.invalidateQueries({ queryKey: trpc.inbox.pathKey() }),
    }),
  );
  const unread = list.data?.filter((row) => row.readAt === null).length ?? 0;
  return (
    <Card
      title="Notices"
      flush
      aside={
        unread > 0 ? (
          <Button tone="quiet" size="small" busy={read.isPending} onClick={() => read.mutate({ all: true })}>
            Mark all as read
          </Button>
        ) : null
      }
    >
      {list.error !== null ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : list.isPending ? (
        <SkeletonRows rows={4} />
      ) : list.data.length === 0 ? (
        <EmptyState icon={<Bell size={18} />} title="No notices">
          Flows tell you things here with the tool notify, and Baton tells you when a decision waits or
          somebody mentions you.
        </EmptyState>
      ) : (
        <NoticeRows rows={list.data} />
      )}
    </Card>
  );
}

/** Asks for the browser's permission only when it is pressed. */
function BrowserNotices() {
  const [permission, setPermission] = useState<NotificationPermission | "missing">("missing");
  useEffect(
    () => setPermission(typeof Notification === "undefined" ? "missing" : Notification.permission),
    [],
  );
  if (permission === "missing") return null;
  if (permission === "granted") {
    return (
      <span className="flex items-center gap-2 text-(--text-2)">
        <BellRing aria-hidden size={14} /> This browser tells you
      </span>
    );
  }
  return permission === "denied" ? (
    <span className="text-(--text-2)">Notifications are blocked in this browser's settings</span>
  ) : (
    <Button onClick={() => void Notification.requestPermission().then(setPermission)}>
      <Bell aria-hidden size={14} /> Tell me in this browser
    </Button>
  );
}
