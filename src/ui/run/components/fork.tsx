"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { GitFork } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Json } from "#base/index.ts";
import type { RunView } from "#api/index.ts";
import type { Flow } from "#flow/index.ts";
import type { TaskState } from "#flow/machine/index.ts";
import { useTRPC, type Inputs } from "../../client/trpc.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Checkbox, Field, Input } from "../../parts/field.tsx";
import { ShapeFields } from "../../parts/shape-fields.tsx";
import { FormError } from "../../parts/states.tsx";
import { fieldErrorLists } from "../../setup/field-errors.ts";

/** Whether a run can be forked at a task: not in a handler, which runs only because of something else. */
export function isForkable(task: TaskState): boolean {
  return !task.path.includes("!") && task.status.name !== "skipped";
}

type Value = NonNullable<Inputs["run"]["fork"]["vars"]>[string];
type Run = Pick<RunView, "id" | "number" | "inputs">;

/** Opens the form by which a new run goes out from a task of this one. */
export function ForkButton({ run, flow, task }: { run: Run; flow: Flow; task: TaskState }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        id="run-fork"
        type="button"
        title="Start a new run from this task on, with other inputs"
        aria-label="Fork from here"
        onClick={() => setOpen(true)}
        className="inline-flex h-7 items-center gap-1.5 rounded-(--radius-2) px-2 font-medium whitespace-nowrap hover:bg-(--surface-2) pointer-coarse:h-11 max-sm:min-w-11 max-sm:justify-center"
      >
        <GitFork aria-hidden size={14} />
        <span className="max-sm:hidden">Fork from here</span>
      </button>
      <Dialog title={`Fork from ${task.id}`} isOpen={isOpen} onClose={() => setOpen(false)}>
        <ForkForm run={run} flow={flow} path={task.path} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function ForkForm({ run, flow, path, onClose }: { run: Run; flow: Flow; path: string; onClose(): void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  // A fork keeps the secrets of its source: nobody is shown them.
  const fields = flow.inputs.fields.filter((field) => field.widget !== "secret");
  const names = new Set(fields.map(({ name }) => name));
  const [values, setValues] = useState<Readonly<Record<string, Json>>>(() =>
    Object.fromEntries(Object.entries(run.inputs).filter(([name]) => names.has(name)) as [string, Json][]),
  );
  const [vars, setVars] = useState<Readonly<Record<string, string>>>({});
  const [newest, setNewest] = useState(false);
  const fork = useMutation(
    trpc.run.fork.mutationOptions({
      onSuccess: ({ id }) => {
        void queries.invalidateQueries({ queryKey: trpc.run.list.pathKey() });
        // The source names its forks.
        void queries.invalidateQueries({ queryKey: trpc.run.get.queryKey({ id: run.id }) });
        router.push(`/runs/${id}`);
      },
    }),
  );
  const errors = fieldErrorLists(fork.error);
  const isShown = [...names, ...Object.keys(flow.vars)].some((name) => errors[name] !== undefined);
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (fork.isPending) return;
        const set = Object.entries(vars).filter(([, text]) => text !== "");
        fork.mutate({
          id: run.id,
          path,
          newest,
          inputs: values as Inputs["run"]["fork"]["inputs"],
          vars: Object.fromEntries(set.map(([name, text]) => [name, readValue(text)])),
        });
      }}
    >
      <p className="text-(--text-2)">
        A new run takes over what run {run.number} finished before this task. This task and everything behind
        it runs again; run {run.number} stays as it is.
      </p>
      {fields.length === 0 ? null : (
        <ShapeFields fields={fields} values={values} errors={errors} onChange={setValues} />
      )}
      {Object.keys(flow.vars).map((name) => (
        <Field
          key={name}
          label={<>Variable {name}</>}
          hint="Text or JSON; empty keeps what the flow makes of it"
          error={errors[name]?.join(" ")}
          optional
        >
          {(ids) => (
            <Input
              {...ids}
              value={vars[name] ?? ""}
              onChange={(event) => setVars({ ...vars, [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <Checkbox
        label="Run the newest revision of the flow"
        checked={newest}
        onChange={(event) => setNewest(event.target.checked)}
      />
      {isShown ? null : <FormError error={fork.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        <Button type="submit" tone="primary" busy={fork.isPending || fork.isSuccess}>
          <GitFork aria-hidden size={14} /> Start the fork
        </Button>
      </div>
    </form>
  );
}

/** What was typed as JSON, or as the text that it is. */
function readValue(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}
