"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useState } from "react";
import type { Json } from "#base/index.ts";
import type { FlowView } from "#api/index.ts";
import { useTRPC, type Inputs } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Field, Input } from "../parts/field.tsx";
import { ShapeFields } from "../parts/shape-fields.tsx";
import { FormError } from "../parts/states.tsx";
import { words } from "../run/components/value.tsx";
import { readLabels } from "./labels-text.ts";
import { fieldErrorLists } from "../setup/field-errors.ts";

/** The form that starts a run, drawn from the flow's inputs; a sample fills it in. */
export function StartForm({
  flow,
  revision,
  isWelcome,
  mayStart,
  onStarted,
}: {
  flow: FlowView;
  revision: number;
  isWelcome: boolean;
  mayStart: boolean;
  onStarted(id: string): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const samples = Object.entries(flow.samples);
  const first = samples[0]?.[1];
  const [values, setValues] = useState<Readonly<Record<string, Json>>>(() =>
    first === undefined ? {} : { ...first },
  );
  const [labels, setLabels] = useState("");
  const ownLabels = Object.entries(flow.labels)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
  const start = useMutation(
    trpc.run.start.mutationOptions({
      onSuccess: ({ id }) => {
        void queries.invalidateQueries({ queryKey: trpc.run.list.pathKey() });
        onStarted(id);
      },
    }),
  );
  const errors = fieldErrorLists(start.error);
  const known = flow.inputs.fields.some((field) => errors[field.name] !== undefined);
  return (
    <Card
      title={isWelcome ? "Your first run: a sample is filled in" : "Start a run"}
      aside={
        samples.length < 2 ? null : (
          <span className="flex flex-wrap items-center gap-1.5">
            <span className="text-(--text-2)">Samples</span>
            {samples.map(([name, sample]) => (
              <Button key={name} size="small" onClick={() => setValues({ ...sample })}>
                {words(name)}
              </Button>
            ))}
          </span>
        )
      }
    >
      <form
        noValidate
        className="flex max-w-[720px] flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!start.isPending)
            start.mutate({
              slug: flow.slug,
              revision,
              inputs: values as Inputs["run"]["start"]["inputs"],
              ...(labels.trim() === "" ? {} : { labels: readLabels(labels) }),
            });
        }}
      >
        {flow.inputs.fields.length === 0 ? (
          <p className="text-(--text-2)">This flow takes no inputs.</p>
        ) : (
          <ShapeFields fields={flow.inputs.fields} values={values} errors={errors} onChange={setValues} />
        )}
        <details>
          <summary className="w-fit cursor-pointer text-(--text-2) pointer-coarse:py-3">Labels</summary>
          <div className="mt-2">
            <Field
              label="Labels of this run"
              optional
              hint={`To find it again, beside those of the flow${ownLabels === "" ? "" : ` (${ownLabels})`}.`}
            >
              {(ids) => (
                <Input
                  {...ids}
                  placeholder="customer: Ada, ticket: 4711"
                  value={labels}
                  onChange={(event) => setLabels(event.target.value)}
                />
              )}
            </Field>
          </div>
        </details>
        {known ? null : <FormError error={start.error} />}
        <div className="flex items-center gap-3">
          <Button type="submit" tone="primary" busy={start.isPending || start.isSuccess} disabled={!mayStart}>
            <Play aria-hidden size={14} /> Run
          </Button>
          {mayStart ? null : (
            <span className="text-(--text-2)">
              {flow.archived
                ? "An archived flow can't be started. Bring it back first."
                : flow.paused !== null
                  ? "A paused flow can't be started. Resume it first."
                  : "Your roles don't include starting runs."}
            </span>
          )}
        </div>
      </form>
    </Card>
  );
}
