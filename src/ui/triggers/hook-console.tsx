"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Eye, RefreshCw, Send } from "lucide-react";
import Link from "next/link";
import { useState, type FormEvent } from "react";
import type { TriggerView } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { useTRPC, type Inputs } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { CopyText } from "../parts/copy-text.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Field, Input, Select, Textarea } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { useToast } from "../parts/toast.tsx";
import { sampleBody, sampleHeaders } from "./sample.ts";

type ContentType = NonNullable<Inputs["trigger"]["test"]["contentType"]>;
const contentTypes: readonly ContentType[] = [
  "application/json",
  "application/x-www-form-urlencoded",
  "text/plain",
];

/** Where a webhook is called, and a place to try it: a sample call, what it maps to, and what is answered. */
export function HookConsole({ trigger }: { trigger: TriggerView }) {
  const trpc = useTRPC();
  const { may } = useMe();
  const definition = trigger.definition.kind === "webhook" ? trigger.definition : null;
  const [body, setBody] = useState(() => sampleBody(trigger.definition));
  const [contentType, setContentType] = useState<ContentType>("application/json");
  const [headers, setHeaders] = useState(() => sampleHeaders(trigger.definition));
  const test = useMutation(trpc.trigger.test.mutationOptions());
  const list = useQuery(trpc.trigger.list.queryOptions({ flow: trigger.flow.slug }));
  const call = (send: boolean): void =>
    test.mutate(
      { id: trigger.id, body, contentType, headers: readHeaders(headers), send },
      { onSuccess: () => void (send ? list.refetch() : null) },
    );
  return (
    <div className="mt-5 flex flex-col gap-4 border-t border-(--border) pt-4">
      <Address trigger={trigger} />
      <form
        className="grid items-start gap-x-8 gap-y-4 lg:grid-cols-2"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          call(false);
        }}
      >
        <div className="flex min-w-0 flex-col gap-3">
          <h3 className="font-medium">Try it</h3>
          <Field label="Body">
            {(ids) => (
              <Textarea
                {...ids}
                value={body}
                spellCheck={false}
                onChange={(event) => setBody(event.target.value)}
                className="min-h-32 [font:var(--type-code)]"
              />
            )}
          </Field>
          <div className="grid gap-3 sm:grid-cols-2">
            <Field label="Content type">
              {(ids) => (
                <Select
                  {...ids}
                  value={contentType}
                  onChange={(event) =>
                    setContentType(
                      contentTypes.find((each) => each === event.target.value) ?? "application/json",
                    )
                  }
                >
                  {contentTypes.map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label="Headers" optional hint="Name: value; more of them after a semicolon">
              {(ids) => (
                <Input {...ids} value={headers} onChange={(event) => setHeaders(event.target.value)} />
              )}
            </Field>
          </div>
          <div className="flex flex-wrap gap-2">
            <Button type="submit" busy={test.isPending && test.variables.send !== true}>
              <Eye aria-hidden size={14} /> Show what it maps to
            </Button>
            {may("run.start") ? (
              <Button
                tone="primary"
                busy={test.isPending && test.variables.send === true}
                onClick={() => call(true)}
              >
                <Send aria-hidden size={14} /> Send and start a run
              </Button>
            ) : null}
          </div>
          <FormError error={test.error} />
        </div>
        <div className="flex min-w-0 flex-col gap-3" aria-live="polite">
          <h3 className="font-medium">What comes of it</h3>
          {test.data === undefined ? (
            <p className="text-(--text-2)">
              {definition?.signature === "none"
                ? "The inputs that the call maps to, and the line to send it from a shell."
                : "The inputs that the call maps to, and the line to send it from a shell, signed."}
            </p>
          ) : (
            <Result result={test.data} isSigned={definition?.signature !== "none"} />
          )}
        </div>
      </form>
    </div>
  );
}

type Result = {
  mapped: { ok: true; holds: boolean; inputs: Record<string, unknown> } | { ok: false; message: string };
  answer: { status: number; body: Readonly<Record<string, unknown>> } | null;
  curl: string;
};

function Result({ result, isSigned }: { result: Result; isSigned: boolean }) {
  const { mapped, answer, curl } = result;
  return (
    <>
      {answer === null ? null : <Answer answer={answer} />}
      {mapped.ok ? (
        <div>
          <p className="text-(--text-2)">
            {mapped.holds ? "Inputs of the run" : "The condition does not hold: such a call starts nothing."}
          </p>
          {mapped.holds ? <Code text={JSON.stringify(mapped.inputs, null, 2)} /> : null}
        </div>
      ) : (
        <p className="rounded-(--radius-2) bg-(--fail-soft) px-3 py-2 text-(--fail) [overflow-wrap:anywhere]">
          {mapped.message}
        </p>
      )}
      <div>
        <p className="flex items-center gap-2 text-(--text-2)">
          <span className="grow">
            {isSigned ? "From a shell; the signature holds for the replay window" : "From a shell"}
          </span>
          <CopyText text={curl} label="Copy the line" />
        </p>
        <Code text={curl} />
      </div>
    </>
  );
}

function Answer({ answer }: { answer: NonNullable<Result["answer"]> }) {
  const run = answer.body["run"] as { id: string; number: number } | undefined;
  const error = answer.body["error"] as { message: string } | undefined;
  const outcome = answer.body["outcome"];
  return (
    <p
      className={`rounded-(--radius-2) px-3 py-2 ${answer.status < 300 ? "bg-(--ok-soft)" : "bg-(--fail-soft)"}`}
    >
      <span className="font-medium">Answered {answer.status}</span>
      {run === undefined ? null : (
        <>
          {outcome === "duplicate" ? ": it came again, and belongs to " : ": started "}
          <Link href={`/runs/${run.id}`} className="font-medium underline underline-offset-2">
            run {run.number}
          </Link>
        </>
      )}
      {error === undefined ? null : `: ${error.message}`}
      {outcome === "skipped" ? ": nothing was started" : null}
    </p>
  );
}

function Address({ trigger }: { trigger: TriggerView }) {
  const trpc = useTRPC();
  const say = useToast();
  const address = useQuery(trpc.trigger.address.queryOptions({ id: trigger.id }));
  const renew = useMutation(
    trpc.trigger.renew.mutationOptions({
      onSuccess: async () => {
        await address.refetch();
        setAsks(false);
        say("The webhook has a new address.");
      },
    }),
  );
  const [asks, setAsks] = useState(false);
  const [showsKey, setShowsKey] = useState(false);
  if (address.error !== null) return <FormError error={address.error} />;
  const data = address.data;
  const signature = trigger.definition.kind === "webhook" ? trigger.definition.signature : "none";
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-medium">Address</h3>
      <div className="flex items-center gap-2">
        <code className="min-w-0 grow truncate rounded-(--radius-2) bg-(--surface-2) px-2.5 py-1.5 [font:var(--type-code)]">
          {data === undefined ? "\u00a0" : data.url}
        </code>
        {data === undefined ? null : <CopyText text={data.url} label="Copy the address" />}
        <Button size="small" tone="quiet" onClick={() => setAsks(true)}>
          <RefreshCw aria-hidden size={14} /> <span className="max-sm:sr-only">Renew</span>
        </Button>
      </div>
      {signature === "none" ? (
        <p className="text-(--wait)">Calls are not signed: whoever knows the address can start runs.</p>
      ) : data === undefined ? null : data.secret === null ? (
        <p className="flex flex-wrap items-center gap-2 text-(--text-2)">
          Calls are signed with
          {showsKey ? (
            <code className="[font:var(--type-code)] [overflow-wrap:anywhere]">{data.signingKey}</code>
          ) : (
            <Button size="small" onClick={() => setShowsKey(true)}>
              Show the key
            </Button>
          )}
          {data.signingKey === null ? null : <CopyText text={data.signingKey} label="Copy the key" />}
        </p>
      ) : (
        <p className="text-(--text-2)">
          Calls are signed with the workspace's secret{" "}
          <code className="[font:var(--type-code)]">{data.secret}</code>.
        </p>
      )}
      <Dialog title="Give it a new address?" isOpen={asks} onClose={() => setAsks(false)}>
        <p>Calls to the address of now are refused from then on. Whoever calls it needs the new one.</p>
        <FormError error={renew.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsks(false)}>Keep this one</Button>
          <Button tone="danger" busy={renew.isPending} onClick={() => renew.mutate({ id: trigger.id })}>
            Renew the address
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

function Code({ text }: { text: string }) {
  return (
    <pre
      tabIndex={0}
      className="mt-1 max-h-72 overflow-auto rounded-(--radius-2) bg-(--surface-2) p-3 [font:var(--type-code)]"
    >
      {text}
    </pre>
  );
}

/** `A: 1; B: 2` as headers. What has no colon is left out. */
function readHeaders(text: string): Record<string, string> {
  const read: Record<string, string> = {};
  for (const line of text.split(/[;\n]/)) {
    const colon = line.indexOf(":");
    if (colon > 0) read[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return read;
}
