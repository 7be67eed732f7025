"use client";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Me } from "#api/index.ts";
import { anchorOf, type Anchor } from "#collab/client.ts";
import { withoutBlank } from "#flow/index.ts";
import { useTRPC } from "../../client/trpc.ts";
import { useToast } from "../../parts/toast.tsx";
import { placeOf } from "../canvas/moves.ts";
import type { Analysis } from "../language/protocol.ts";
import { placeAt } from "../language/places.ts";
import type { LiveDraft, LiveFacts } from "../use-draft.ts";
import { markLayer, type MarkActions, type MarkLayer } from "./marks.ts";
import type { Nameable } from "./mention-text.ts";
import { useComments, type CommentsOfDraft, type LocatedThread } from "./use-comments.ts";

/** A comment that is being written: what it will be pinned to moves with the text meanwhile. */
export type Beginning = {
  readonly kind: "task" | "range";
  readonly anchor: Anchor;
  /** A task's id, or the words. */
  readonly about: string;
};

/** Everything of comments that the editor's parts share. */
export type Desk = CommentsOfDraft & {
  readonly flowId: string;
  readonly draft: LiveDraft | null;
  readonly me: string;
  readonly members: readonly Nameable[];
  readonly mayComment: boolean;
  readonly isOpen: boolean;
  readonly shows: "open" | "resolved";
  readonly selected: string | null;
  readonly beginning: Beginning | null;
  /** Open threads by the node of their task. */
  readonly badges: Readonly<Record<string, number>>;
  readonly layer: MarkLayer;
  open(isOpen: boolean): void;
  show(which: "open" | "resolved"): void;
  /** Opens a thread and goes to its text. */
  select(id: string): void;
  selectOn(node: string): void;
  begin(from: number, to: number): void;
  beginOn(node: string): void;
  cancel(): void;
};

export function useDesk({
  flowId,
  me,
  mayComment,
  mayFollow,
  draft,
  analysis,
  live,
  onGoTo,
}: {
  flowId: string;
  me: Me;
  mayComment: boolean;
  mayFollow: boolean;
  draft: LiveDraft | null;
  analysis: Analysis | null;
  live: LiveFacts;
  onGoTo(place: { readonly from: number; readonly to: number; readonly node: string | null }): void;
}): Desk {
  const trpc = useTRPC();
  const say = useToast();
  const asked = useSearchParams().get("comment");
  const comments = useComments({ flowId, draft, analysis, live, mayFollow });
  const members = useQuery(trpc.member.list.queryOptions(undefined, { staleTime: 60_000 }));
  const [isOpen, setIsOpen] = useState(false);
  const [shows, setShows] = useState<Desk["shows"]>("open");
  const [selected, setSelected] = useState<string | null>(null);
  const [beginning, setBeginning] = useState<Beginning | null>(null);
  const { threads } = comments;

  const goTo = useRef(onGoTo);
  goTo.current = onGoTo;
  const turnTo = useCallback(
    (id: string): LocatedThread | undefined => {
      setSelected(id);
      const thread = threads.find((one) => one.id === id);
      if (thread !== undefined) setShows(thread.resolved === null ? "open" : "resolved");
      setIsOpen(true);
      return thread;
    },
    [threads],
  );
  const select = useCallback(
    (id: string) => {
      const located = turnTo(id)?.located;
      // What is shown has to be in sight of the room that the list leaves.
      if (located?.state === "there") requestAnimationFrame(() => goTo.current(located));
    },
    [turnTo],
  );
  const selectOn = useCallback(
    (node: string) => {
      const thread = threads.find((one) => one.resolved === null && nodeOf(one) === node);
      if (thread !== undefined) select(thread.id);
    },
    [threads, select],
  );
  const write = useCallback((next: Beginning) => {
    setBeginning(next);
    setShows("open");
    setIsOpen(true);
  }, []);
  const beginOn = useCallback(
    (node: string) => {
      if (draft === null || analysis === null) return;
      const place = placeOf(analysis.places, node);
      if (place === null || draft.text.toString() !== analysis.text) {
        say("The text has just changed. Try again.");
        return;
      }
      const anchor = anchorOf(draft.text, place);
      write({ kind: "task", anchor, about: node.slice(node.lastIndexOf("/") + 1) });
    },
    [draft, analysis, say, write],
  );
  const begin = useCallback(
    (from: number, to: number) => {
      if (draft === null) return;
      const text = draft.text.toString();
      const at = withoutBlank(text, { from, to });
      if (at !== null) {
        write({ kind: "range", anchor: anchorOf(draft.text, at), about: text.slice(at.from, at.to) });
        return;
      }
      const place = analysis === null ? null : placeAt(analysis.places, from);
      if (place === null) say("Select the text or the task that you want to comment on.");
      else beginOn(place.id);
    },
    [draft, analysis, beginOn, say, write],
  );

  const acts: MarkActions = {
    open: turnTo,
    // Who puts the cursor into words wants to write there: the list turns to them, but does not come up.
    touch: (id) => (isOpen ? turnTo(id) : undefined),
    begin,
    may: () => mayComment,
  };
  const latest = useRef(acts);
  latest.current = acts;
  const layer = useMemo(
    () =>
      markLayer({
        open: (id) => latest.current.open(id),
        touch: (id) => latest.current.touch(id),
        begin: (from, to) => latest.current.begin(from, to),
        may: () => latest.current.may(),
      }),
    [],
  );
  useEffect(() => {
    layer.show(
      threads.flatMap(({ id, kind, resolved, located }) =>
        located.state === "there" && (resolved === null || id === selected)
          ? [{ id, kind, from: located.from, to: located.to, isSelected: id === selected }]
          : [],
      ),
    );
  }, [layer, threads, selected]);

  const isSettled = threads.some(({ located }) => located.state !== "unseen");
  const followed = useRef<string | null>(null);
  useEffect(() => {
    if (asked === null || followed.current === asked || !comments.isRead) return;
    if (!threads.some(({ id }) => id === asked)) {
      followed.current = asked;
      say("This comment was deleted.");
    } else if (isSettled) {
      followed.current = asked;
      select(asked);
    }
  }, [asked, comments.isRead, threads, isSettled, select, say]);

  const badges = useMemo(() => {
    const counts: Record<string, number> = {};
    for (const thread of threads) {
      const node = nodeOf(thread);
      if (thread.resolved === null && node !== null) counts[node] = (counts[node] ?? 0) + 1;
    }
    return counts;
  }, [threads]);

  return {
    ...comments,
    flowId,
    draft,
    me: me.user.id,
    members: members.data ?? [],
    mayComment,
    isOpen,
    shows,
    selected,
    beginning,
    badges,
    layer,
    open: (next) => {
      setIsOpen(next);
      if (next) return;
      setSelected(null);
      setBeginning(null);
    },
    show: setShows,
    select,
    selectOn,
    begin,
    beginOn,
    cancel: () => setBeginning(null),
  };
}

function nodeOf({ located }: LocatedThread): string | null {
  return located.state === "there" ? located.node : null;
}
