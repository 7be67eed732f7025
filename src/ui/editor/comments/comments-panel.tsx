"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toBase64 } from "lib0/buffer";
import { MessageSquare, MessageSquarePlus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTRPC } from "../../client/trpc.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Composer } from "./composer.tsx";
import { piecesOf } from "./mention-text.ts";
import { ThreadCard } from "./thread-card.tsx";
import type { Beginning, Desk } from "./use-desk.ts";

/** Opens and closes the panel; says how many threads are open. */
export function CommentsButton({ desk }: { desk: Desk }) {
  const open = desk.threads.filter((thread) => thread.resolved === null).length;
  return (
    <Button
      aria-pressed={desk.isOpen}
      onClick={() => desk.open(!desk.isOpen)}
      className="aria-pressed:bg-(--surface-3)"
    >
      <MessageSquare aria-hidden size={14} />
      <span className="max-sm:sr-only">Comments</span>
      {open === 0 ? null : (
        <span className="text-(--text-2) tabular-nums">
          {open}
          <span className="sr-only"> open</span>
        </span>
      )}
    </Button>
  );
}

/** All threads of the draft, and a place to begin one. `task`: the node that is selected, and what it is called. */
export function CommentsPanel({ desk, task }: { desk: Desk; task: string | null }) {
  const shown = desk.threads.filter((thread) => (thread.resolved === null) === (desk.shows === "open"));
  const count = (which: Desk["shows"]): number =>
    desk.threads.filter((thread) => (thread.resolved === null) === (which === "open")).length;
  return (
    <section
      aria-label="Comments"
      className="flex min-h-0 flex-col border-(--border) bg-(--surface) max-md:max-h-[60%] max-md:border-t md:w-[340px] md:shrink-0 md:border-l"
    >
      <header className="flex min-h-10 shrink-0 items-center gap-2 border-b border-(--border) px-4">
        <h2 className="flex-1 font-semibold">Comments</h2>
        <div role="group" aria-label="Which comments" className="flex gap-1">
          {(["open", "resolved"] as const).map((which) => (
            <button
              key={which}
              type="button"
              aria-pressed={desk.shows === which}
              onClick={() => desk.show(which)}
              className="h-7 rounded-(--radius-2) px-2 text-(--text-2) hover:text-(--text) aria-pressed:bg-(--surface-3) aria-pressed:text-(--text) pointer-coarse:h-11"
            >
              {which === "open" ? "Open" : "Resolved"} <span className="tabular-nums">{count(which)}</span>
            </button>
          ))}
        </div>
        <IconButton label="Close the comments" onClick={() => desk.open(false)}>
          <X aria-hidden size={14} />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {desk.beginning !== null ? (
          <NewThread desk={desk} beginning={desk.beginning} />
        ) : desk.mayComment && task !== null && desk.shows === "open" ? (
          <div className="border-b border-(--border) p-4">
            <Button size="small" onClick={() => desk.beginOn(task)} className="max-w-full">
              <MessageSquarePlus aria-hidden size={13} />
              <span className="truncate">Comment on {task.slice(task.lastIndexOf("/") + 1)}</span>
            </Button>
          </div>
        ) : null}
        {desk.error !== null && !desk.isRead ? (
          <ErrorState error={desk.error} onRetry={desk.retry} />
        ) : !desk.isRead ? (
          <SkeletonRows rows={3} height={72} />
        ) : shown.length > 0 ? (
          <ul className="divide-y divide-(--border)">
            {shown.map((thread) => (
              <li key={thread.id}>
                <ThreadCard desk={desk} thread={thread} />
              </li>
            ))}
          </ul>
        ) : desk.beginning === null ? (
          <EmptyState
            icon={<MessageSquare size={18} />}
            title={desk.shows === "open" ? "No open comments" : "Nothing is resolved yet"}
          >
            {desk.shows === "resolved"
              ? "Threads that are done with stay here and can be opened again."
              : desk.mayComment
                ? "Select text or a task, then comment on it. Ctrl Alt M does so from the text, C from the canvas."
                : "What others say about this draft appears here."}
          </EmptyState>
        ) : null}
      </div>
    </section>
  );
}

function NewThread({ desk, beginning }: { desk: Desk; beginning: Beginning }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const start = useMutation(
    trpc.comment.start.mutationOptions({
      onSuccess: async ({ threadId }) => {
        await queries.invalidateQueries({ queryKey: trpc.comment.pathKey() });
        desk.cancel();
        desk.select(threadId);
      },
    }),
  );
  const { kind, anchor, about } = beginning;
  return (
    <div className="flex flex-col gap-2 border-b border-(--border) bg-(--surface-2) p-4">
      <p className="line-clamp-3 break-words whitespace-pre-wrap text-(--text-2)">
        {kind === "task" ? "On the task " : "On "}
        <span className="[font:var(--type-code)]">{about}</span>
      </p>
      <Composer
        key={`${anchor.start} ${anchor.end}`}
        label="Comment"
        send="Comment"
        members={desk.members}
        isBusy={start.isPending}
        error={start.error}
        onSend={(body) => {
          if (desk.draft === null) return;
          const stateVector = toBase64(desk.draft.client.stateVector());
          start.mutate({ flowId: desk.flowId, kind, anchor, body, stateVector });
        }}
        onCancel={desk.cancel}
      />
    </div>
  );
}

/** Says what others comment, for those who can't see it come. */
export function CommentNews({ desk }: { desk: Desk }) {
  const [said, setSaid] = useState("");
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!desk.isRead) return;
    const all = desk.threads.flatMap((thread) => thread.comments);
    const fresh = all.findLast(
      (comment) => known.current !== null && !known.current.has(comment.id) && comment.author.id !== desk.me,
    );
    known.current = new Set(all.map(({ id }) => id));
    if (fresh === undefined || fresh.deletedAt !== null) return;
    const words = piecesOf(fresh.body, fresh.mentions)
      .map((piece) => ("mention" in piece ? piece.mention.name : piece.text))
      .join("");
    setSaid(`${fresh.author.name} commented: ${words}`);
  }, [desk.isRead, desk.threads, desk.me]);
  return (
    <p className="sr-only" aria-live="polite">
      {said}
    </p>
  );
}
