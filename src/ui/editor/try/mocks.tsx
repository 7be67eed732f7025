"use client";
import { Radio, Wrench, X } from "lucide-react";
import { Button, IconButton } from "../../parts/button.tsx";
import { Field, Textarea } from "../../parts/field.tsx";
import type { TrialCall } from "../language/trial.ts";

/** What becomes of each call when a flow is tried out, and what is answered in its place where that matters. */
export function Mocks({
  calls,
  given,
  errors,
  onChange,
}: {
  calls: readonly TrialCall[];
  /** Answers as JSON text, by name. */
  given: Readonly<Record<string, string>>;
  errors: Readonly<Record<string, readonly string[]>>;
  onChange(given: Readonly<Record<string, string>>): void;
}) {
  if (calls.length === 0) return null;
  return (
    <fieldset className="flex min-w-0 flex-col gap-1">
      <legend className="mb-1 font-medium">Tools and events</legend>
      <ul className="divide-y divide-(--border) rounded-(--radius-2) border border-(--border)">
        {calls.map((call) => (
          <li key={call.name} className="flex flex-col gap-2 px-3 py-1.5">
            <Call
              call={call}
              given={given[call.name]}
              errors={errors[call.name] ?? []}
              onGive={(text) => {
                const { [call.name]: _before, ...rest } = given;
                onChange(text === null ? rest : { ...rest, [call.name]: text });
              }}
            />
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function Call({
  call,
  given,
  errors,
  onGive,
}: {
  call: TrialCall;
  given: string | undefined;
  errors: readonly string[];
  onGive(text: string | null): void;
}) {
  const isEvent = call.name.startsWith("event:");
  const name = isEvent ? call.name.slice("event:".length) : call.name;
  const Icon = isEvent ? Radio : Wrench;
  return (
    <>
      <div className="flex min-h-8 flex-wrap items-center gap-x-2 gap-y-1">
        <Icon aria-hidden size={14} className="shrink-0 text-(--text-3)" />
        <code className="min-w-0 truncate [font:var(--type-code)] font-medium max-sm:flex-1">{name}</code>
        <span className="min-w-0 flex-1 text-(--text-2) max-sm:order-last max-sm:basis-full">
          {given !== undefined ? "Answers what you give" : outcomes[isEvent ? "event" : call.called]}
        </span>
        {given === undefined ? (
          <Button size="small" aria-label={`Give an answer for ${name}`} onClick={() => onGive(call.example)}>
            Give an answer
          </Button>
        ) : (
          <IconButton label={`Leave ${name} to itself`} onClick={() => onGive(null)}>
            <X aria-hidden size={14} />
          </IconButton>
        )}
      </div>
      {given === undefined ? null : (
        <Field label={`Answer of ${name}, as JSON`} error={errors.length === 0 ? null : errors.join(" ")}>
          {(ids) => (
            <Textarea
              {...ids}
              className="min-h-0 [font:var(--type-code)]"
              rows={Math.min(8, Math.max(2, given.split("\n").length))}
              spellCheck={false}
              value={given}
              onChange={(event) => onGive(event.target.value)}
            />
          )}
        </Field>
      )}
    </>
  );
}

const outcomes: Readonly<Record<TrialCall["called"] | "event", string>> = {
  yes: "Called: it changes nothing",
  sometimes: "Called where it only reads, else mocked",
  no: "Mocked with an example",
  event: "Comes at once, with nothing in it",
};
