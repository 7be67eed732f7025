"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import {
  Check,
  CornerDownRight,
  Pencil,
  RotateCcw,
  TextSelect,
  Trash2,
  Unlink,
  Workflow,
} from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { CommentRow } from "#api/index.ts";
import { useTRPC } from "../../client/trpc.ts";
import { Avatar } from "../../parts/avatar.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { FormError } from "../../parts/states.tsx";
import { RelativeTime } from "../../parts/time.tsx";
import { Composer } from "./composer.tsx";
import { piecesOf, withHandles } from "./mention-text.ts";
import type { LocatedThread } from "./use-comments.ts";
import type { Desk } from "./use-desk.ts";

/** A conversation: what it is about, who said what, and what one can do. */
export function ThreadCard({ desk, thread }: { desk: Desk; thread: LocatedThread }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const card = useRef<HTMLElement>(null);
  const [isReplying, setIsReplying] = useState(false);
  const isSelected = desk.selected === thread.id;
  const onSettled = () => queries.invalidateQueries({ queryKey: trpc.comment.pathKey() });
  const reply = useMutation(
    trpc.comment.reply.mutationOptions({ onSuccess: () => setIsReplying(false), onSettled }),
  );
  const resolve = useMutation(trpc.comment.resolve.mutationOptions({ onSettled }));
  useEffect(() => {
    if (isSelected) card.current?.scrollIntoView({ block: "nearest" });
  }, [isSelected]);
  const about = thread.kind === "task" ? (thread.task ?? "a task") : oneLine(thread.quote);
  const isOpen = thread.resolved === null;
  return (
    <article
      ref={card}
      aria-label={`Comments on ${about}`}
      aria-current={isSelected ? "true" : undefined}
      className="flex flex-col gap-3 border-l-2 border-transparent p-4 aria-[current]:border-(--accent) aria-[current]:bg-(--surface-2)"
    >
      <About desk={desk} thread={thread} about={about} />
      <ol className="flex flex-col gap-3">
        {thread.comments.map((comment) => (
          <li key={comment.id}>
            <Comment desk={desk} comment={comment} />
          </li>
        ))}
      </ol>
      {thread.resolved === null ? null : (
        <p className="text-(--text-3) [font:var(--type-12)]">
          Resolved by {thread.resolved.name}, <RelativeTime at={thread.resolved.at} />
        </p>
      )}
      {!desk.mayComment ? null : isReplying ? (
        <Composer
          label="Reply"
          send="Reply"
          members={desk.members}
          isBusy={reply.isPending}
          error={reply.error}
          onSend={(body) => reply.mutate({ threadId: thread.id, body })}
          onCancel={() => setIsReplying(false)}
        />
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button size="small" onClick={() => setIsReplying(true)}>
            <CornerDownRight aria-hidden size={13} /> Reply
          </Button>
          <Button
            size="small"
            busy={resolve.isPending}
            onClick={() => resolve.mutate({ threadId: thread.id, resolved: isOpen })}
          >
            {isOpen ? <Check aria-hidden size={13} /> : <RotateCcw aria-hidden size={13} />}
            {isOpen ? "Resolve" : "Reopen"}
          </Button>
        </div>
      )}
      <FormError error={resolve.error} />
    </article>
  );
}

/** What it is pinned to. Pressing it goes there; where the text is gone, that is said and the quote stays. */
function About({ desk, thread, about }: { desk: Desk; thread: LocatedThread; about: string }) {
  const { state } = thread.located;
  if (state === "there") {
    const Icon = thread.kind === "task" ? Workflow : TextSelect;
    return (
      <button
        type="button"
        title="Show where this is"
        onClick={() => desk.select(thread.id)}
        className="flex min-w-0 items-center gap-2 self-start text-left text-(--text-2) hover:text-(--text) pointer-coarse:min-h-11"
      >
        <Icon aria-hidden size={13} className="shrink-0" />
        <span className="sr-only">{thread.kind === "task" ? "Task" : "Text"} </span>
        <span className="line-clamp-2 min-w-0 break-words [font:var(--type-code)]">{about}</span>
      </button>
    );
  }
  return (
    <div className="flex flex-col gap-1">
      <p className="flex items-center gap-2 text-(--wait)">
        <Unlink aria-hidden size={13} className="shrink-0" />
        {state === "unseen"
          ? "What this is about has not arrived here yet"
          : thread.kind === "task"
            ? `The task ${thread.task ?? ""} is gone`
            : "The text that this is about is gone"}
      </p>
      {state === "gone" ? (
        <blockquote className="max-h-24 overflow-y-auto border-l-2 border-(--border-strong) pl-2 break-words whitespace-pre-wrap text-(--text-2) [font:var(--type-code)]">
          {thread.quote}
        </blockquote>
      ) : null}
    </div>
  );
}

function Comment({ desk, comment }: { desk: Desk; comment: CommentRow }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [isChanging, setIsChanging] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const onSettled = () => queries.invalidateQueries({ queryKey: trpc.comment.pathKey() });
  const edit = useMutation(
    trpc.comment.edit.mutationOptions({ onSuccess: () => setIsChanging(false), onSettled }),
  );
  const remove = useMutation(trpc.comment.remove.mutationOptions({ onSettled }));
  const { author, body, mentions, createdAt, editedAt, deletedAt } = comment;
  if (deletedAt !== null) {
    return <p className="text-(--text-3) italic">{author.name} deleted this comment</p>;
  }
  const isMine = desk.mayComment && author.id === desk.me;
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex min-h-7 items-center gap-2">
        <Avatar name={author.name} size={20} />
        <span className="truncate font-semibold">{author.name}</span>
        <span className="min-w-0 flex-1 truncate text-(--text-3) [font:var(--type-12)]">
          <RelativeTime at={createdAt} />
          {editedAt === null ? null : ", edited"}
        </span>
        {!isMine || isChanging || isDeleting ? null : (
          <span className="flex">
            <IconButton label="Edit my comment" onClick={() => setIsChanging(true)}>
              <Pencil aria-hidden size={13} />
            </IconButton>
            <IconButton label="Delete my comment" onClick={() => setIsDeleting(true)}>
              <Trash2 aria-hidden size={13} />
            </IconButton>
          </span>
        )}
      </div>
      {isChanging ? (
        <Composer
          label="Change the comment"
          initial={withHandles(body, mentions, desk.members)}
          send="Save"
          members={desk.members}
          isBusy={edit.isPending}
          error={edit.error}
          onSend={(next) => edit.mutate({ id: comment.id, body: next })}
          onCancel={() => setIsChanging(false)}
        />
      ) : (
        <p className="break-words whitespace-pre-wrap [font:var(--type-14)]">
          {piecesOf(body, mentions).map((piece, index) =>
            "mention" in piece ? (
              <span
                key={index}
                className={`rounded-(--radius-1) px-0.5 font-medium text-(--accent-text) ${piece.mention.id === desk.me ? "bg-(--accent-soft)" : ""}`}
              >
                @{piece.mention.name}
              </span>
            ) : (
              <span key={index}>{piece.text}</span>
            ),
          )}
        </p>
      )}
      {isDeleting ? (
        <div role="group" aria-label="Delete this comment?" className="flex flex-wrap items-center gap-2">
          <Button
            autoFocus
            tone="danger"
            size="small"
            busy={remove.isPending}
            onClick={() => remove.mutate({ id: comment.id })}
          >
            Delete for good
          </Button>
          <Button tone="quiet" size="small" onClick={() => setIsDeleting(false)}>
            Keep
          </Button>
        </div>
      ) : null}
      <FormError error={remove.error} />
    </div>
  );
}

function oneLine(quote: string): string {
  const line = quote.replaceAll(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
