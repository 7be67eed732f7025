"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { toBase64 } from "lib0/buffer";
import { useEffect, useMemo, useRef, useState } from "react";
import type { CommentThread } from "#api/index.ts";
import { useTRPC } from "../../client/trpc.ts";
import type { Analysis } from "../language/protocol.ts";
import type { LiveDraft, LiveFacts } from "../use-draft.ts";
import { PinTracker, type Located, type Reading } from "./tracker.ts";

/** A thread and where its pin is now. */
export type LocatedThread = CommentThread & { readonly located: Located };

export type CommentsOfDraft = {
  /** In the order of the text; those whose text is gone at the end. */
  readonly threads: readonly LocatedThread[];
  readonly isRead: boolean;
  readonly error: unknown;
  readonly retry: () => void;
};

/** A rename is typed letter by letter: what a pin went to is told once it stays. Milliseconds. */
const restMs = 1500;

/** All threads of a draft, kept where their text is. What others say comes by the workspace's news. */
export function useComments({
  flowId,
  draft,
  analysis,
  live,
  mayFollow,
}: {
  flowId: string;
  draft: LiveDraft | null;
  analysis: Analysis | null;
  live: LiveFacts;
  /** Whether this editor may tell where pins went. */
  mayFollow: boolean;
}): CommentsOfDraft {
  const trpc = useTRPC();
  const { data: threads, error, refetch } = useQuery(trpc.comment.list.queryOptions({ flowId }));
  const tracker = useMemo(() => (draft === null ? null : new PinTracker(draft.text)), [draft]);
  const [located, setLocated] = useState<ReadonlyMap<string, Located>>(new Map());

  useEffect(() => {
    if (tracker === null || draft === null || analysis === null || threads === undefined) return;
    // An analysis of an older text tells nothing of this one; the next one is on its way.
    if (draft.text.toString() !== analysis.text) return;
    setLocated(tracker.look(threads, readingOf(analysis)));
  }, [tracker, draft, analysis, threads]);

  const told = useRef(new Set<string>());
  const { mutate: follow } = useMutation(trpc.comment.follow.mutationOptions());
  const isSpeaker = mayFollow && live.status === "saved" && speaksFor(live);
  useEffect(() => {
    if (!isSpeaker || tracker === null || draft === null || analysis === null || threads === undefined)
      return;
    const timer = setTimeout(() => {
      if (draft.text.toString() !== analysis.text) return;
      for (const thread of threads) {
        const went = tracker.wentTo(thread, readingOf(analysis));
        if (went === null) continue;
        const word = `${thread.id} ${went.task} ${went.anchor.start} ${went.anchor.end}`;
        if (told.current.has(word)) continue;
        told.current.add(word);
        follow({
          threadId: thread.id,
          version: thread.version,
          anchor: went.anchor,
          stateVector: toBase64(draft.client.stateVector()),
        });
      }
    }, restMs);
    return () => clearTimeout(timer);
  }, [isSpeaker, tracker, draft, analysis, threads, follow]);

  return useMemo(
    () => ({
      threads: (threads ?? [])
        .map((thread) => ({ ...thread, located: located.get(thread.id) ?? ({ state: "unseen" } as const) }))
        .toSorted((a, b) => placeIn(a) - placeIn(b)),
      isRead: threads !== undefined,
      error,
      retry: () => void refetch(),
    }),
    [threads, located, error, refetch],
  );
}

const readingOf = ({ graph, places }: Analysis): Reading => ({ isReadable: graph !== null, places });

const placeIn = ({ located }: LocatedThread): number =>
  located.state === "there" ? located.from : Number.MAX_SAFE_INTEGER;

/** One of those who write tells for all: the one with the lowest number. */
function speaksFor({ people }: LiveFacts): boolean {
  const writers = people.filter(({ role }) => role === "writer");
  const first = writers.toSorted((a, b) => a.client - b.client)[0];
  return first?.self === true;
}
