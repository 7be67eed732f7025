"use client";
import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste, FilePlus2, FileUp } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Textarea } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { ErrorState, FormError } from "../parts/states.tsx";
import { useOpenDraft } from "./use-open-draft.ts";

const empty = `id: my-flow
title: My flow
inputs:
  name: { type: string, default: Ada }
agents:
  writer:
    instructions: Answer in one sentence.
tasks:
  - id: write
    agent: writer
    prompt: Greet {{ inputs.name }}
outputs:
  text: "{{ tasks.write.output }}"
`;
/** A flow's text is a file of a few kilobytes; more than this is a mistake. */
const largest = 1_000_000;

/** Begins a flow: empty, from a blueprint, by pasting or uploading YAML. The editor is where it goes on. */
export function NewFlowPage() {
  const trpc = useTRPC();
  const blueprints = useQuery(trpc.flow.blueprints.queryOptions());
  const open = useOpenDraft();
  const [problem, setProblem] = useState<string | null>(null);
  const [pasted, setPasted] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const begin = (text: string): void => {
    setProblem(null);
    if (!open.isPending && !open.isSuccess) open.mutate({ text });
  };
  const take = async (chosen: File): Promise<void> => {
    if (chosen.size > largest) {
      setProblem(
        `${chosen.name} has ${Math.round(chosen.size / 1e6)} MB. A flow is a YAML text of at most 1 MB.`,
      );
      return;
    }
    try {
      begin(new TextDecoder("utf-8", { fatal: true }).decode(await chosen.arrayBuffer()));
    } catch {
      setProblem(`${chosen.name} is not a text in UTF-8. Choose a YAML file.`);
    }
  };
  return (
    <Page title="New flow" about="Its draft opens in the editor. Nothing runs before you publish it.">
      <div className="grid gap-3 sm:grid-cols-3">
        <Choice icon={<FilePlus2 aria-hidden size={14} />} title="Empty flow" onClick={() => begin(empty)}>
          One agent, one task
        </Choice>
        <Choice
          icon={<ClipboardPaste aria-hidden size={14} />}
          title="Paste YAML"
          onClick={() => setPasted("")}
        >
          From another workspace, or a mail
        </Choice>
        <Choice
          icon={<FileUp aria-hidden size={14} />}
          title="Upload YAML"
          onClick={() => file.current?.click()}
        >
          A file of at most 1 MB
        </Choice>
        <input
          ref={file}
          type="file"
          aria-label="A YAML file"
          accept=".yaml,.yml,text/yaml,text/plain"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            if (chosen !== undefined) void take(chosen);
            event.target.value = "";
          }}
        />
      </div>
      {open.error === null ? null : <FormError error={open.error} />}
      {problem === null ? null : (
        <p
          role="alert"
          className="rounded-(--radius-2) border border-(--fail) bg-(--fail-soft) px-3 py-2 text-(--fail)"
        >
          {problem}
        </p>
      )}
      <h2 className="font-semibold">From a blueprint</h2>
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {blueprints.isPending
          ? Array.from({ length: 3 }, (_, card) => (
              <div
                key={card}
                role="status"
                aria-label="Loading"
                className="skeleton min-h-16 rounded-(--radius-3)"
              />
            ))
          : null}
        {(blueprints.data ?? []).map((blueprint) => (
          <Choice key={blueprint.slug} title={blueprint.title} onClick={() => begin(blueprint.text)}>
            {blueprint.description}
          </Choice>
        ))}
      </div>
      {blueprints.error === null ? null : (
        <ErrorState error={blueprints.error} onRetry={() => void blueprints.refetch()} />
      )}
      <Dialog title="Paste YAML" isOpen={pasted !== null} onClose={() => setPasted(null)}>
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            begin(pasted ?? "");
          }}
        >
          <Textarea
            autoFocus
            aria-label="The flow as YAML"
            rows={14}
            spellCheck={false}
            className="[font:var(--type-code)]"
            value={pasted ?? ""}
            onChange={(event) => setPasted(event.target.value)}
          />
          <div className="flex justify-end gap-2">
            <Button onClick={() => setPasted(null)}>Not now</Button>
            <Button
              type="submit"
              tone="primary"
              busy={open.isPending || open.isSuccess}
              disabled={(pasted ?? "").trim() === ""}
            >
              Open in the editor
            </Button>
          </div>
        </form>
      </Dialog>
    </Page>
  );
}

function Choice({
  icon,
  title,
  children,
  onClick,
}: {
  icon?: ReactNode;
  title: string;
  children: ReactNode;
  onClick(): void;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex min-h-16 flex-col justify-start rounded-(--radius-3) border border-(--border) bg-(--surface) px-4 py-2 text-left hover:bg-(--surface-2)"
    >
      <span className="flex items-center gap-2 font-semibold">
        {icon}
        {title}
      </span>
      <span className="line-clamp-2 text-(--text-2)">{children}</span>
    </button>
  );
}
