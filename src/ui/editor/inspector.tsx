"use client";
import { MessageSquarePlus, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import type { Json } from "#base/index.ts";
import type { Preview } from "#flow/machine/index.ts";
import { KindIcon } from "../graph/kind-icon.tsx";
import { IconButton } from "../parts/button.tsx";
import { Field, Input, Select, Textarea } from "../parts/field.tsx";
import type { Language } from "./language/client.ts";
import type { Analysis, FormField, Place, TaskForm } from "./language/protocol.ts";
import { PreviewLine, PreviewSource } from "./preview/preview-line.tsx";
import { usePreview } from "./preview/use-preview.ts";
import { LockNote, useLocks } from "./presence/locks.tsx";
import type { Plan } from "./use-gestures.ts";
import { onTask } from "./canvas/moves.ts";

/** The selected task as a form, made from the language's schema. Each field is one small change of the text. */
export function Inspector({
  language,
  analysis,
  flowSlug,
  place,
  isReadOnly,
  isNaming,
  onNamed,
  onDo,
  onComment,
  onClose,
}: {
  language: Language;
  analysis: Analysis;
  /** Of the flow whose last run expressions are previewed against. */
  flowSlug: string;
  place: Place;
  isReadOnly: boolean;
  /** The id is what is to be changed: its field gets the focus once. */
  isNaming: boolean;
  onNamed(): void;
  onDo(plan: Plan): Promise<boolean>;
  /** Left out where one may not comment. */
  onComment: (() => void) | undefined;
  onClose(): void;
}) {
  const [form, setForm] = useState<TaskForm | null>(null);
  const [showsAll, setShowsAll] = useState(false);
  const key = JSON.stringify(place.path);
  useEffect(() => {
    let isCurrent = true;
    void language
      .ask("form", { text: analysis.text, path: JSON.parse(key) as (string | number)[] })
      .then((answer) => {
        if (isCurrent) setForm(answer);
      });
    return () => {
      isCurrent = false;
    };
  }, [language, analysis.text, key]);
  const preview = usePreview(language, analysis.text, flowSlug, place.id, form);
  const section = useRef<HTMLElement>(null);
  const isShown = form !== null;
  useEffect(() => {
    if (!isNaming || !isShown) return;
    section.current?.querySelector<HTMLInputElement>("input")?.select();
    onNamed();
  }, [isNaming, isShown, onNamed]);
  if (form === null) {
    return (
      <section aria-label="Selected task" className="p-4">
        <p className="text-(--text-2)">This task can't be shown as a form while its text has problems.</p>
      </section>
    );
  }
  const shown = form.fields.filter((field) => field.isHead || field.value !== undefined || showsAll);
  const hidden = form.fields.length - shown.length;
  return (
    <section ref={section} aria-label="Selected task">
      <header className="sticky top-0 z-10 flex min-h-10 items-center gap-2 border-b border-(--border) bg-(--surface) px-4">
        <KindIcon kind={form.kind} />
        <h2 className="min-w-0 flex-1 truncate font-semibold">{form.id}</h2>
        <span className="text-(--text-3)">{form.kind}</span>
        {onComment === undefined ? null : (
          <IconButton label="Comment on this task (C)" onClick={onComment}>
            <MessageSquarePlus aria-hidden size={14} />
          </IconButton>
        )}
        <IconButton label="Close the form" onClick={onClose}>
          <X aria-hidden size={14} />
        </IconButton>
      </header>
      <div className="flex flex-col gap-3 p-4">
        <p className="text-(--text-2)">{form.summary}</p>
        <Committed
          key={`id ${place.id} ${form.id}`}
          label="id"
          hint="Renaming changes whatever refers to it"
          value={form.id}
          control="text"
          isReadOnly={isReadOnly}
          onCommit={(id) => void onDo(onTask(place.id, (task) => ({ kind: "rename", task, id })))}
        />
        {shown.map((field) => (
          <TaskField
            key={`${place.id} ${field.label}`}
            field={field}
            language={language}
            isReadOnly={isReadOnly}
            names={namesFor(field, analysis)}
            preview={preview.values[field.label]}
            onSet={(value) =>
              void onDo(
                onTask(place.id, (task) => ({
                  kind: "set",
                  path: [...task, ...field.path],
                  value,
                  keep: task.length,
                })),
              )
            }
          />
        ))}
        <PreviewSource preview={preview} />
        {hidden > 0 || showsAll ? (
          <button
            type="button"
            onClick={() => setShowsAll(!showsAll)}
            className="self-start text-(--accent-text) hover:underline pointer-coarse:min-h-11"
          >
            {showsAll ? "Show only what is set" : `${hidden} more: when, retry, timeout, …`}
          </button>
        ) : null}
      </div>
    </section>
  );
}

function namesFor(field: FormField, analysis: Analysis): readonly string[] {
  if (field.label === "agent") return analysis.agents;
  if (field.label === "tool") return analysis.tools;
  return [];
}

function TaskField({
  field,
  language,
  isReadOnly,
  names,
  preview,
  onSet,
}: {
  field: FormField;
  language: Language;
  isReadOnly: boolean;
  names: readonly string[];
  /** What it yielded in the last run, where it holds an expression. */
  preview: Preview | undefined;
  onSet(value: Json | undefined): void;
}) {
  const [problem, setProblem] = useState<string | null>(null);
  const locks = useLocks();
  const holder = locks.holder(field.label);
  const { control, value } = field;
  const written =
    field.source !== "" ? field.source : value === undefined || value === null ? "" : String(value);
  const choose = (chosen: string): void => {
    if (chosen === "") onSet(undefined);
    else if (control === "flag") onSet(chosen === "true");
    else onSet(chosen);
  };
  if (control === "choice" || control === "flag") {
    const options = control === "flag" ? ["true", "false"] : field.choices;
    return (
      <Field label={field.label} hint={field.description} optional={!field.isHead}>
        {(ids) => (
          <>
            <Select
              {...ids}
              disabled={isReadOnly || holder !== null}
              value={written}
              onFocus={() => locks.start(field.label)}
              onBlur={() => locks.end(field.label)}
              onChange={(event) => choose(event.target.value)}
            >
              <option value="">left out</option>
              {options.map((option) => (
                <option key={option}>{option}</option>
              ))}
            </Select>
            {holder === null ? null : (
              <LockNote by={holder} onTakeOver={isReadOnly ? null : () => locks.takeOver(field.label)} />
            )}
          </>
        )}
      </Field>
    );
  }
  const commit = async (typed: string): Promise<void> => {
    setProblem(null);
    if (typed.trim() === "") return onSet(undefined);
    if (control === "number") {
      const number = Number(typed);
      if (Number.isFinite(number)) onSet(number);
      else setProblem("This takes a number.");
      return;
    }
    if (control !== "yaml") return onSet(typed);
    const read = await language.ask("readYaml", { text: typed });
    if ("problem" in read) setProblem(read.problem);
    else onSet(read.value);
  };
  const input = (
    <Committed
      label={field.label}
      hint={field.description}
      value={written}
      control={control === "yaml" ? "code" : control === "lines" ? "lines" : "text"}
      isCode={control === "expression"}
      isOptional={!field.isHead}
      isReadOnly={isReadOnly}
      names={names}
      error={problem}
      onCommit={(typed) => void commit(typed)}
    />
  );
  if (preview === undefined) return input;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      {input}
      <PreviewLine preview={preview} label={field.label} />
    </div>
  );
}

/** A field that changes the text when one leaves it or presses Enter, not with every letter. */
function Committed({
  label,
  hint,
  value,
  control,
  isCode = false,
  isOptional = false,
  isReadOnly,
  names = [],
  error = null,
  onCommit,
}: {
  label: string;
  hint: string;
  value: string;
  control: "text" | "lines" | "code";
  isCode?: boolean;
  isOptional?: boolean;
  isReadOnly: boolean;
  names?: readonly string[];
  error?: string | null;
  onCommit(value: string): void;
}) {
  const list = useId();
  const locks = useLocks();
  const holder = locks.holder(label);
  const box = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState(value);
  const [isTyping, setIsTyping] = useState(false);
  /** What was typed here when somebody else took the field over. */
  const [kept, setKept] = useState<string | null>(null);
  // What others write arrives here as well, but not under one's fingers.
  useEffect(() => {
    if (!isTyping) setTyped(value);
  }, [value, isTyping]);
  const isHeld = holder !== null;
  const latest = useRef({ typed, value });
  latest.current = { typed, value };
  useEffect(() => {
    if (!isHeld || !isTyping) return;
    const { typed: mine, value: there } = latest.current;
    if (mine !== there) setKept(mine);
    setIsTyping(false);
  }, [isHeld, isTyping]);
  const start = (): void => {
    setIsTyping(true);
    locks.start(label);
  };
  const leave = (): void => {
    setIsTyping(false);
    locks.end(label);
    if (isTyping && typed !== value) onCommit(typed);
  };
  const takeOver = (): void => {
    locks.takeOver(label);
    setIsTyping(true);
    if (kept !== null) setTyped(kept);
    setKept(null);
    box.current?.focus();
    requestAnimationFrame(() => box.current?.setSelectionRange(-1, -1));
  };
  const change = (next: string): void => {
    if (!isTyping) start();
    setTyped(next);
  };
  const common = {
    ref: box,
    value: typed,
    readOnly: isReadOnly || isHeld,
    onFocus: () => {
      if (!isHeld && !isReadOnly) start();
    },
    onBlur: leave,
  };
  const notes = (
    <>
      {holder === null ? null : <LockNote by={holder} onTakeOver={isReadOnly ? null : takeOver} />}
      {kept === null ? null : (
        <p className="flex flex-wrap items-center gap-x-2 [font:var(--type-12)]">
          <span className="min-w-0 break-words">Not in the flow: you had typed "{kept}"</span>
          <button
            type="button"
            onClick={() => setKept(null)}
            className="text-(--accent-text) hover:underline pointer-coarse:min-h-11"
          >
            Forget it
          </button>
        </p>
      )}
    </>
  );
  return (
    <Field label={label} hint={hint} error={error} optional={isOptional}>
      {(ids) =>
        control === "text" ? (
          <>
            <Input
              {...ids}
              {...common}
              {...(names.length > 0 ? { list } : {})}
              className={isCode ? "[font:var(--type-code)]" : ""}
              onChange={(event) => change(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter") event.currentTarget.blur();
                if (event.key === "Escape") setTyped(value);
              }}
            />
            {names.length > 0 ? (
              <datalist id={list}>
                {names.map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            ) : null}
            {notes}
          </>
        ) : (
          <>
            <Textarea
              {...ids}
              {...common}
              rows={Math.min(10, Math.max(2, typed.split("\n").length))}
              className={control === "code" ? "min-h-0 [font:var(--type-code)]" : "min-h-0"}
              onChange={(event) => change(event.target.value)}
            />
            {notes}
          </>
        )
      }
    </Field>
  );
}
