"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { ErrorState } from "../parts/states.tsx";
import { FlowSource, useChecked } from "./flow-source.tsx";
import { PublishBar } from "./publish-bar.tsx";

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
const largest = 2_000_000;

/** Paste, upload, or begin with a blueprint; publish when the text has no errors. */
export function NewFlowPage() {
  const trpc = useTRPC();
  const router = useRouter();
  const copyOf = useSearchParams().get("copy");
  const blueprints = useQuery(trpc.flow.blueprints.queryOptions());
  const [text, setText] = useState(empty);
  const duplicate = useMutation(
    trpc.flow.duplicate.mutationOptions({ onSuccess: (copy) => setText(copy.text) }),
  );
  const copy = duplicate.mutate;
  useEffect(() => {
    if (copyOf !== null) copy({ slug: copyOf });
  }, [copyOf, copy]);
  const [problem, setProblem] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const checked = useChecked(text);
  useEffect(() => setProblem(null), [text]);
  const take = async (chosen: File): Promise<void> => {
    if (chosen.size > largest) {
      setProblem(
        `${chosen.name} has ${Math.round(chosen.size / 1e6)} MB. A flow is a YAML text of at most 2 MB.`,
      );
      return;
    }
    try {
      setText(new TextDecoder("utf-8", { fatal: true }).decode(await chosen.arrayBuffer()));
    } catch {
      setProblem(`${chosen.name} is not a text in UTF-8. Choose a YAML file.`);
    }
  };
  return (
    <Page title="New flow" about="Paste YAML, upload a file, or begin with a blueprint.">
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <button
          type="button"
          onClick={() => file.current?.click()}
          className="flex min-h-16 flex-col justify-center rounded-(--radius-3) border border-dashed border-(--border-field) px-4 py-2 hover:bg-(--surface-2)"
        >
          <span className="flex items-center gap-2 font-semibold">
            <FileUp aria-hidden size={14} /> Upload YAML
          </span>
          <span className="text-(--text-2)">A file of at most 2 MB</span>
        </button>
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
          <button
            key={blueprint.slug}
            type="button"
            onClick={() => setText(blueprint.text)}
            className="flex min-h-16 flex-col justify-center rounded-(--radius-3) border border-(--border) bg-(--surface) px-4 py-2 hover:bg-(--surface-2)"
          >
            <span className="font-semibold">{blueprint.title}</span>
            <span className="line-clamp-2 text-(--text-2)">{blueprint.description}</span>
          </button>
        ))}
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
      {blueprints.error === null ? null : (
        <ErrorState error={blueprints.error} onRetry={() => void blueprints.refetch()} />
      )}
      {duplicate.error === null ? null : <ErrorState error={duplicate.error} />}
      {problem === null ? null : (
        <p
          role="alert"
          className="rounded-(--radius-2) border border-(--fail) bg-(--fail-soft) px-3 py-2 text-(--fail)"
        >
          {problem}
        </p>
      )}
      <Card
        flush
        title={checked.slug ?? "Untitled"}
        aside={
          <Button tone="quiet" size="small" onClick={() => setText("")}>
            Clear
          </Button>
        }
      >
        <FlowSource text={text} onChange={setText} checked={checked} />
      </Card>
      <PublishBar
        text={text}
        checked={checked}
        nextNumber={1}
        onDone={({ slug }) => router.push(`/flows/${slug}`)}
      />
    </Page>
  );
}
