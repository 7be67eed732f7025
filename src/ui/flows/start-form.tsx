"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useState } from "react";
import type { Json } from "#base/index.ts";
import type { FlowView } from "#api/index.ts";
import { useTRPC, type Inputs } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { ShapeFields } from "../parts/shape-fields.tsx";
import { FormError } from "../parts/states.tsx";
import { words } from "../run/components/value.tsx";
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
            start.mutate({ slug: flow.slug, revision, inputs: values as Inputs["run"]["start"]["inputs"] });
        }}
      >
        {flow.inputs.fields.length === 0 ? (
          <p className="text-(--text-2)">This flow takes no inputs.</p>
        ) : (
          <ShapeFields fields={flow.inputs.fields} values={values} errors={errors} onChange={setValues} />
        )}
        {known ? null : <FormError error={start.error} />}
        <div className="flex items-center gap-3">
          <Button type="submit" tone="primary" busy={start.isPending || start.isSuccess} disabled={!mayStart}>
            <Play aria-hidden size={14} /> Run
          </Button>
          {mayStart ? null : (
            <span className="text-(--text-2)">
              {flow.archived
                ? "An archived flow can't be started. Bring it back first."
                : "Your roles don't include starting runs."}
            </span>
          )}
        </div>
      </form>
    </Card>
  );
}
