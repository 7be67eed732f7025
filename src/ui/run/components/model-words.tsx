"use client";
import { CircleAlert, Wrench } from "lucide-react";
import type { EffectState } from "#flow/machine/index.ts";
import { asFields } from "../model/detail.ts";
import { useWords } from "../live/use-words.ts";
import { Prose } from "./prose.tsx";
import { Fields, LargeValue } from "./value.tsx";

type ModelEffect = Extract<EffectState, { kind: "model" }>;

const waitsInWords = {
  no: "Thinking",
  waiting: "Waits for the model's turn: others go first",
  out: "Waits for the model, which does not answer just now. It is tried again by itself",
};

/**
 * What a model said in one call: live while it speaks, from the journal once it has spoken. The words are the same, so
 * nothing moves when one takes the other's place.
 */
export function ModelWords({ run, call, isLive }: { run: string; call: ModelEffect; isLive: boolean }) {
  const { words, isConnected } = useWords(run, call.key, isLive && call.end === null);
  if (call.end?.name === "failed") {
    return (
      <p
        role="note"
        className="flex items-start gap-2 rounded-(--radius-2) bg-(--fail-soft) px-3 py-2 text-(--fail)"
      >
        <CircleAlert aria-hidden size={16} className="mt-0.5 shrink-0" />
        <span className="min-w-0 break-words">
          The model did not answer: {call.end.error.message}
          {call.end.error.hint === undefined ? null : (
            <span className="block text-(--text-2)">{call.end.error.hint}</span>
          )}
        </span>
      </p>
    );
  }
  const { reasoning, text } = call.end ?? words;
  const writing = call.end === null && isLive;
  const fields = writing ? null : typeof text === "string" ? asFields(text) : text;
  const isSilent = reasoning === "" && text === "";
  return (
    <div className="flex flex-col gap-2">
      {reasoning === "" ? null : typeof reasoning === "string" ? (
        <Prose text={reasoning} isLive={writing && text === ""} dim={text !== ""} />
      ) : (
        <LargeValue value={reasoning} />
      )}
      {text === "" ? null : fields !== null ? (
        <div className="rounded-(--radius-3) border border-(--border) px-3 py-2">
          <Fields value={fields} />
        </div>
      ) : typeof text !== "string" ? null : writing && /^\s*[{[]/.test(text) ? (
        <p className="text-(--text-3)">Writing the answer, {text.length} characters</p>
      ) : (
        <Prose text={text} isLive={writing} />
      )}
      {writing
        ? words.calls.map((wanted) => (
            <p key={wanted.callId} className="flex items-center gap-2 text-(--text-2)">
              <Wrench aria-hidden size={14} className="text-(--text-3)" />
              calls <code className="[font:var(--type-code)]">{wanted.tool}</code>
            </p>
          ))
        : null}
      {writing && isSilent ? <p className="text-(--text-3)">{waitsInWords[words.waits ?? "no"]}</p> : null}
      {isConnected ? null : (
        <p className="text-(--wait)">The connection to the words was lost. Taking it up again.</p>
      )}
    </div>
  );
}
