"use client";
import { useMutation } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import type { Json } from "#base/index.ts";
import { useTRPC, type Inputs } from "../../client/trpc.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Select, Field } from "../../parts/field.tsx";
import { SandboxMark } from "../../parts/sandbox.tsx";
import { ShapeFields } from "../../parts/shape-fields.tsx";
import { FormError } from "../../parts/states.tsx";
import { words } from "../../run/components/value.tsx";
import { fieldErrorLists } from "../../setup/field-errors.ts";
import type { Language } from "../language/client.ts";
import type { Trial } from "../language/trial.ts";
import { hashOf, seenOf } from "../seen.ts";
import type { LiveDraft } from "../use-draft.ts";
import { Mocks } from "./mocks.tsx";

type Values = Readonly<Record<string, Json>>;
type Asked = Inputs["run"]["tryOut"];

/** How each flow was tried last, so that trying it again asks for nothing twice. Forgotten when the page is loaded anew. */
const lastTries = new Map<
  string,
  {
    readonly inputs: Values;
    readonly mocks: Readonly<Record<string, string>>;
    readonly questions: "ask" | "answer";
  }
>();

/** Starts a sandbox run of exactly the text that stands in the editor, to its end or to a task. */
export function TryDialog({
  draft,
  flowId,
  language,
  until,
  onClose,
  onStarted,
}: {
  draft: LiveDraft;
  flowId: string;
  language: Language;
  /** The task to end with: its place in the flow, and what it is called. */
  until: { readonly path: string; readonly title: string } | null;
  onClose(): void;
  onStarted(run: string): void;
}) {
  const last = lastTries.get(flowId);
  const trpc = useTRPC();
  const [trial, setTrial] = useState<Trial | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [values, setValues] = useState<Values>(last?.inputs ?? {});
  const [mocks, setMocks] = useState<Readonly<Record<string, string>>>(last?.mocks ?? {});
  const [questions, setQuestions] = useState<"ask" | "answer">(last?.questions ?? "ask");
  const [badMocks, setBadMocks] = useState<Readonly<Record<string, readonly string[]>>>({});
  useEffect(() => {
    let isCurrent = true;
    const text = draft.text.toString();
    void Promise.all([language.ask("analyse", { text }), language.ask("trial", { text })]).then(
      ([{ problems }, found]) => {
        if (!isCurrent) return;
        const errors = problems.filter(({ severity }) => severity === "error");
        const [first] = errors;
        const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : "";
        if (first !== undefined) setProblem(`Line ${first.line}: ${first.message}${more}`);
        setTrial(found);
        const [sample] = Object.values(found?.samples ?? {});
        if (last === undefined && sample !== undefined) setValues({ ...sample });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [draft, language, last]);
  const start = useMutation(
    trpc.run.tryOut.mutationOptions({
      onSuccess: ({ id }) => {
        lastTries.set(flowId, { inputs: values, mocks, questions });
        onStarted(id);
      },
    }),
  );
  const errors = fieldErrorLists(start.error);
  const isKnown = Object.keys(errors).some(
    (name) => name.startsWith("mocks.") || trial?.inputs.some((field) => field.name === name) === true,
  );
  const submit = (): void => {
    if (start.isPending || trial === null || problem !== null) return;
    const given: Record<string, Json> = {};
    const bad: Record<string, readonly string[]> = {};
    for (const [name, text] of Object.entries(mocks)) {
      if (!trial.calls.some((call) => call.name === name)) continue;
      try {
        given[name] = JSON.parse(text) as Json;
      } catch {
        bad[name] = ["This is not JSON."];
      }
    }
    setBadMocks(bad);
    if (Object.keys(bad).length > 0) return;
    const { text, stateVector } = seenOf(draft);
    start.mutate({
      flowId,
      hash: hashOf(text),
      stateVector,
      inputs: values as Asked["inputs"],
      mocks: given as Asked["mocks"],
      questions,
      ...(until === null ? {} : { until: until.path }),
    });
  };
  const samples = Object.entries(trial?.samples ?? {});
  return (
    <Dialog title={until === null ? "Try this draft" : `Run to “${until.title}”`} isOpen onClose={onClose}>
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <p className="text-(--text-2)">
          <SandboxMark /> Runs the text as you see it now. Tools that only read are called
          {trial?.asksModels === false ? "" : ", and so are the flow's models, which may cost money"}.
          Whatever would change something is answered in its place and marked as mocked
          {until === null ? "." : "; the run ends once this task has."}
        </p>
        {problem === null ? null : (
          <p role="alert" className="rounded-(--radius-2) bg-(--fail-soft) px-3 py-2 text-(--fail)">
            The draft has problems to solve first. {problem}
          </p>
        )}
        {trial === null || problem !== null ? null : (
          <>
            {samples.length < 2 ? null : (
              <div className="flex flex-wrap items-center gap-1.5">
                <span className="text-(--text-2)">Samples</span>
                {samples.map(([name, sample]) => (
                  <Button key={name} size="small" onClick={() => setValues({ ...sample })}>
                    {words(name)}
                  </Button>
                ))}
              </div>
            )}
            {trial.inputs.length === 0 ? null : (
              <ShapeFields fields={trial.inputs} values={values} errors={errors} onChange={setValues} />
            )}
            <Mocks
              calls={trial.calls}
              given={mocks}
              errors={{ ...mockErrors(errors), ...badMocks }}
              onChange={setMocks}
            />
            {trial.asksPeople ? (
              <Field
                label="Approvals and forms"
                hint="Nothing real follows from them here; nobody but you is asked"
              >
                {(ids) => (
                  <Select
                    {...ids}
                    value={questions}
                    onChange={(event) => setQuestions(event.target.value === "answer" ? "answer" : "ask")}
                  >
                    <option value="ask">Ask me</option>
                    <option value="answer">Approve by themselves, with examples in their fields</option>
                  </Select>
                )}
              </Field>
            ) : null}
          </>
        )}
        {isKnown ? null : <FormError error={start.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button
            type="submit"
            tone="primary"
            busy={start.isPending || start.isSuccess}
            disabled={trial === null || problem !== null}
          >
            <Play aria-hidden size={14} /> {until === null ? "Try it" : "Run to here"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function mockErrors(errors: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([name, found]) =>
      name.startsWith("mocks.") ? [[name.slice("mocks.".length), found]] : [],
    ),
  );
}
