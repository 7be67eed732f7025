"use client";
import { useQuery } from "@tanstack/react-query";
import {
  ChevronRight,
  Code,
  Columns2,
  History,
  Redo2,
  TestTubeDiagonal,
  Undo2,
  WandSparkles,
  Workflow,
} from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { DraftView, Me } from "#api/index.ts";
import type { Problem } from "#flow/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button, IconButton } from "../parts/button.tsx";
import { useToast } from "../parts/toast.tsx";
import { applyToDraft } from "./apply.ts";
import { Canvas } from "./canvas/canvas.tsx";
import { placeOf } from "./canvas/moves.ts";
import { CodeEditor, type CodeHandle } from "./code/code-editor.tsx";
import { CommentNews, CommentsButton, CommentsPanel } from "./comments/comments-panel.tsx";
import { useDesk } from "./comments/use-desk.ts";
import { changesBetween } from "./diff.ts";
import { Faces } from "./faces.tsx";
import { Inspector } from "./inspector.tsx";
import { offsetsOf, placeAt } from "./language/places.ts";
import { ClashNotice } from "./presence/clash-notice.tsx";
import { FieldLocks } from "./presence/locks.tsx";
import { useClash } from "./presence/use-clash.ts";
import { Problems } from "./problems.tsx";
import { PublishDialog } from "./publish/publish-dialog.tsx";
import { Revisions } from "./revisions.tsx";
import { SaveStatus } from "./save-status.tsx";
import { TryDialog } from "./try/try-dialog.tsx";
import { useAnalysis, useLanguage } from "./use-analysis.ts";
import { useDraft, useDraftText, useLiveFacts } from "./use-draft.ts";
import { inOrder, useGestures, type Plan } from "./use-gestures.ts";

type View = "code" | "split" | "canvas";
const views = [
  ["code", "Code", Code],
  ["split", "Split", Columns2],
  ["canvas", "Canvas", Workflow],
] as const;
const viewKey = "editor-view";

/** The editor of a flow's draft: text and graph of the same thing, written together. */
export default function Workbench({
  facts,
  me,
  mayEdit,
  mayComment,
}: {
  facts: DraftView;
  me: Me;
  mayEdit: boolean;
  mayComment: boolean;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const say = useToast();
  const { draft, client } = useDraft(facts.flowId, me.user.id);
  const live = useLiveFacts(client);
  const text = useDraftText(draft?.text ?? null);
  const language = useLanguage();
  const knowledge = useQuery(trpc.flow.knowledge.queryOptions(undefined, { staleTime: 60_000 }));
  const { analysis, graph, isStale } = useAnalysis(draft === null ? null : language, text, knowledge.data);
  const perform = useGestures(draft, language);
  const code = useRef<CodeHandle | null>(null);
  const [view, setView] = useState<View>("split");
  const [selected, setSelected] = useState<string | null>(null);
  const [opened, setOpened] = useState<"publish" | "revisions" | "try" | null>(null);
  /** The task that a trial is to end with; null: it goes to the flow's end. */
  const [until, setUntil] = useState<{ path: string; title: string } | null>(null);
  const [showsForm, setShowsForm] = useState(false);
  const { clash, dismiss } = useClash(draft, language, live.people);
  const [isNaming, setIsNaming] = useState(false);
  const isReadOnly = !mayEdit || facts.archived || live.status === "refused" || live.status === "closed";

  useEffect(() => {
    const kept = localStorage.getItem(viewKey);
    const isNarrow = window.matchMedia("(max-width: 767px)").matches;
    if (isNarrow) setView(kept === "canvas" ? "canvas" : "code");
    else if (kept === "code" || kept === "canvas" || kept === "split") setView(kept);
  }, []);
  const show = (next: View): void => {
    setView(next);
    localStorage.setItem(viewKey, next);
  };

  useEffect(() => client?.present("selected", selected), [client, selected]);
  const places = useMemo(() => analysis?.places ?? [], [analysis]);
  const marks = useMemo(() => {
    const found: Record<string, { name: string; color: string }[]> = {};
    for (const person of live.people) {
      const node = person.state["selected"];
      if (person.self || typeof node !== "string") continue;
      (found[node] ??= []).push({ name: person.name, color: person.color });
    }
    return found;
  }, [live.people]);

  const select = useCallback(
    (id: string | null) => {
      setSelected(id);
      setShowsForm(id !== null);
      const place = placeOf(places, id);
      if (place !== null) code.current?.show(place.from, place.to, { focus: false });
    },
    [places],
  );
  const desk = useDesk({
    flowId: facts.flowId,
    me,
    mayComment,
    mayFollow: !isReadOnly,
    draft,
    analysis,
    live,
    onGoTo: ({ from, to, node }) => {
      if (node !== null) setSelected(node);
      code.current?.show(from, to, { focus: false });
    },
  });
  const rename = useCallback(() => {
    setShowsForm(true);
    setIsNaming(true);
  }, []);
  const cursorMoved = useCallback(
    (offset: number) => {
      const place =
        analysis !== null && analysis.text === draft?.text.toString() ? placeAt(places, offset) : null;
      if (place !== null) setSelected(place.id);
    },
    [analysis, draft, places],
  );
  const act = useCallback(
    async (plan: Plan) => {
      const before = new Set(places.map((place) => place.id));
      const done = await perform(plan);
      if (!done || draft === null || language === null) return done;
      // What came new, or where what was selected went, is what one goes on with.
      const after = await language.ask("analyse", { text: draft.text.toString() });
      const fresh = after.places.find((place) => !before.has(place.id));
      if (fresh !== undefined) code.current?.show(fresh.from, fresh.to, { focus: false });
      setSelected((now) => fresh?.id ?? (after.places.some((place) => place.id === now) ? now : null));
      return done;
    },
    [draft, language, perform, places],
  );
  const fix = useCallback(
    (problem: Problem) => {
      if (draft === null || analysis === null || problem.fix === undefined) return;
      if (draft.text.toString() !== analysis.text) return say("The text has just changed. Try again.");
      const { from, to } = offsetsOf(analysis.text, problem);
      applyToDraft(draft, [{ from, to, insert: problem.fix.text }]);
    },
    [analysis, draft, say],
  );

  const tryOut = useCallback(
    (id: string | null) => {
      const node = id === null ? undefined : graph?.nodes.find((one) => one.id === id);
      setUntil(node === undefined ? null : { path: node.id, title: node.title });
      setOpened("try");
    },
    [graph],
  );

  const format = useCallback(() => {
    void perform(inOrder).then((done) => {
      if (done) say("The layout is in order. Undo takes it back.");
    });
  }, [perform, say]);

  const errors = analysis?.problems.filter((problem) => problem.severity === "error").length ?? 0;
  const problems = useMemo(() => ({ of: analysis?.text ?? "", found: analysis?.problems ?? [] }), [analysis]);
  const place = placeOf(places, selected);
  // Beside text and canvas there is no room for both the form and the comments.
  const inspects = view !== "code" && showsForm && place !== null && (view === "canvas" || !desk.isOpen);
  const title = analysis?.title ?? analysis?.id ?? facts.title;
  const isPublished = facts.latest?.text === text;
  return (
    <div className="flex h-[calc(100dvh-56px)] min-h-0 flex-col md:h-dvh">
      <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-(--border) px-4 py-1.5 max-sm:gap-x-1.5 max-sm:px-3">
        <nav
          aria-label="Where you are"
          className="flex min-w-0 items-center gap-2 max-sm:min-w-[38%] max-sm:flex-1 max-sm:basis-0"
        >
          <Link
            href={facts.latest === null ? "/flows" : `/flows/${facts.slug}`}
            className="truncate text-(--text-2) hover:text-(--text) hover:underline"
          >
            {facts.latest === null ? "Flows" : facts.title}
          </Link>
          <ChevronRight aria-hidden size={14} className="shrink-0 text-(--text-3)" />
          <h1 className="truncate font-semibold">
            {facts.latest === null ? title : "Draft"}
            <span className="sr-only"> of {title}</span>
          </h1>
        </nav>
        <SaveStatus status={live.status} />
        <span className="text-(--text-3) max-lg:hidden">
          {facts.latest === null
            ? "Never published"
            : isPublished
              ? `As revision ${facts.latest.number}`
              : `Differs from revision ${facts.latest.number}`}
        </span>
        {/* On a phone, what one came for goes up, beside the name. */}
        <div className="ml-auto flex flex-wrap items-center gap-2 max-sm:contents max-sm:*:order-3">
          <span className="contents max-sm:*:order-1">
            <Faces people={live.people} />
          </span>
          {isReadOnly ? (
            <span className="rounded-(--radius-1) bg-(--surface-3) px-2 py-0.5 text-(--text-2)">
              Read only
            </span>
          ) : (
            <span className="flex">
              <IconButton label="Undo what I did" onClick={() => draft?.undo.undo()}>
                <Undo2 aria-hidden size={14} />
              </IconButton>
              <IconButton label="Do it again" onClick={() => draft?.undo.redo()}>
                <Redo2 aria-hidden size={14} />
              </IconButton>
              <IconButton label="Format the text (Shift Alt F)" onClick={format}>
                <WandSparkles aria-hidden size={14} />
              </IconButton>
            </span>
          )}
          <div
            role="group"
            aria-label="View"
            className="flex rounded-(--radius-2) border border-(--border-strong)"
          >
            {views.map(([name, word, Icon]) => (
              <button
                key={name}
                type="button"
                aria-pressed={view === name}
                onClick={() => show(name)}
                className={`flex h-8 items-center gap-1.5 px-2.5 text-(--text-2) first:rounded-l-(--radius-2) last:rounded-r-(--radius-2) hover:text-(--text) aria-pressed:bg-(--surface-3) aria-pressed:text-(--text) pointer-coarse:h-11 ${name === "split" ? "max-md:hidden" : ""}`}
              >
                <Icon aria-hidden size={14} />
                <span className="max-sm:sr-only">{word}</span>
              </button>
            ))}
          </div>
          <CommentsButton desk={desk} />
          <Button onClick={() => setOpened("revisions")}>
            <History aria-hidden size={14} />
            <span className="max-sm:sr-only">Revisions</span>
          </Button>
          {isReadOnly ? null : (
            <Button disabled={draft === null} onClick={() => tryOut(null)}>
              <TestTubeDiagonal aria-hidden size={14} />
              <span className="max-sm:sr-only">Try it</span>
            </Button>
          )}
          {isReadOnly ? null : (
            <Button
              tone="primary"
              className="max-sm:order-2!"
              disabled={draft === null || isPublished}
              onClick={() => setOpened("publish")}
            >
              Publish
            </Button>
          )}
        </div>
      </header>
      {live.closed === null ? null : (
        <p
          role="alert"
          className="flex flex-wrap items-center gap-3 bg-(--fail-soft) px-4 py-2 text-(--fail)"
        >
          {closings[live.closed.code] ?? "The server closed this draft."}
          <Button size="small" onClick={() => client?.reconnect()}>
            Connect again
          </Button>
        </p>
      )}
      {clash === null ? null : (
        <ClashNotice
          clash={clash}
          onShow={clash.node === null ? null : () => select(clash.node)}
          onDismiss={dismiss}
        />
      )}
      {draft === null || language === null ? (
        <div role="status" aria-label="Loading" className="grid min-h-0 flex-1 gap-px p-4 md:grid-cols-2">
          <div className="skeleton h-full min-h-64" />
        </div>
      ) : (
        <div className="flex min-h-0 flex-1 max-md:flex-col">
          <div
            className={`grid min-h-0 min-w-0 flex-1 ${view === "split" ? "grid-cols-2" : "grid-cols-1"} ${
              inspects
                ? view === "split"
                  ? "xl:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)_312px]"
                  : "md:grid-cols-[minmax(0,1fr)_312px]"
                : ""
            }`}
          >
            <div
              className={`min-h-0 min-w-0 flex-col ${view === "canvas" ? "hidden" : "flex"} ${view === "split" ? "border-r border-(--border)" : ""}`}
            >
              <div className="min-h-0 flex-1">
                <CodeEditor
                  text={draft.text}
                  awareness={draft.client.awareness}
                  undo={draft.undo}
                  isReadOnly={isReadOnly}
                  language={language}
                  problems={problems}
                  comments={desk.layer.extension}
                  ref={code}
                  onCursor={cursorMoved}
                  onFormat={format}
                />
              </div>
              <Problems
                problems={analysis?.problems ?? []}
                isReadOnly={isReadOnly}
                onGoTo={(problem) => {
                  const { from, to } = offsetsOf(text, problem);
                  code.current?.show(from, to);
                }}
                onFix={fix}
              />
            </div>
            {view === "code" ? null : (
              <div
                className="min-h-0 min-w-0"
                onKeyDown={(event) => {
                  const isPlain = !event.metaKey && !event.ctrlKey && !event.altKey;
                  const isTyped = (event.target as HTMLElement).closest("input, textarea, dialog") !== null;
                  if (event.key !== "c" || !isPlain || isTyped || !mayComment || selected === null) return;
                  event.preventDefault();
                  desk.beginOn(selected);
                }}
              >
                <Canvas
                  client={draft.client}
                  graph={graph}
                  places={places}
                  isStale={isStale}
                  isReadOnly={isReadOnly}
                  selected={selected}
                  marks={marks}
                  notes={desk.badges}
                  onNotes={desk.selectOn}
                  onSelect={select}
                  onDo={act}
                  onRename={rename}
                  onRunTo={tryOut}
                />
              </div>
            )}
            {inspects && place !== null && analysis !== null ? (
              <div
                className={`min-h-0 overflow-y-auto border-(--border) bg-(--surface) max-xl:absolute max-xl:inset-x-0 max-xl:bottom-14 max-xl:z-30 max-xl:max-h-[50dvh] max-xl:border-t md:max-xl:bottom-0 md:max-xl:left-auto md:max-xl:w-80 md:max-xl:border-l xl:border-l ${view === "canvas" ? "md:static md:max-h-none" : ""}`}
              >
                <FieldLocks client={draft.client} people={live.people} node={place.id}>
                  <Inspector
                    key={place.id}
                    language={language}
                    analysis={analysis}
                    flowSlug={facts.slug}
                    place={place}
                    isReadOnly={isReadOnly || isStale}
                    isNaming={isNaming}
                    onNamed={() => setIsNaming(false)}
                    onDo={act}
                    onComment={mayComment ? () => desk.beginOn(place.id) : undefined}
                    onClose={() => setShowsForm(false)}
                  />
                </FieldLocks>
              </div>
            ) : null}
          </div>
          {desk.isOpen ? <CommentsPanel desk={desk} task={place === null ? null : selected} /> : null}
        </div>
      )}
      <CommentNews desk={desk} />
      <p className="sr-only" aria-live="polite">
        {errors === 0 ? "" : `${errors} ${errors === 1 ? "problem" : "problems"}`}
      </p>
      {opened === "publish" && draft !== null && language !== null ? (
        <PublishDialog
          draft={draft}
          facts={facts}
          now={text}
          language={language}
          onClose={() => setOpened(null)}
          onDone={({ slug }) => router.push(`/flows/${slug}`)}
        />
      ) : null}
      {opened === "try" && draft !== null && language !== null ? (
        <TryDialog
          draft={draft}
          flowId={facts.flowId}
          language={language}
          until={until}
          onClose={() => setOpened(null)}
          onStarted={(run) => router.push(`/runs/${run}`)}
        />
      ) : null}
      {opened === "revisions" ? (
        <Revisions
          facts={facts}
          now={text}
          language={language}
          isReadOnly={isReadOnly || draft === null}
          onRestore={(older, number) => {
            if (draft === null) return;
            applyToDraft(draft, changesBetween(draft.text.toString(), older));
            setOpened(null);
            say(`Revision ${number} is back in the draft. Undo takes it back.`);
          }}
          onClose={() => setOpened(null)}
        />
      ) : null}
    </div>
  );
}

const closings: Readonly<Record<number, string>> = {
  4401: "Your session has ended. Sign in again, then go on: what you wrote is kept here.",
  4403: "You may not write in this draft any more.",
  4404: "This draft is not there any more.",
  4413: "The draft has become too large.",
  4529: "Too much came at once. Wait a moment, then connect again.",
};
