"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import { useEffect, useState } from "react";
import type { DraftView } from "#api/index.ts";
import type { Weakening } from "#flow/index.ts";
import { batonError, useTRPC } from "../../client/trpc.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Field, Input } from "../../parts/field.tsx";
import { FormError } from "../../parts/states.tsx";
import { useToast } from "../../parts/toast.tsx";
import type { Language } from "../language/client.ts";
import { hashOf, seenOf, type Seen } from "../seen.ts";
import type { LiveDraft } from "../use-draft.ts";
import { Comparison } from "./comparison.tsx";

/** Shows exactly what a publication changes, and publishes exactly that. */
export function PublishDialog({
  draft,
  facts,
  now,
  language,
  onClose,
  onDone,
}: {
  draft: LiveDraft;
  facts: DraftView;
  /** The draft's text as it is at this moment. */
  now: string;
  language: Language;
  onClose(): void;
  onDone(published: { slug: string; number: number }): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  const [review, setReview] = useState<Seen>(() => seenOf(draft));
  const [message, setMessage] = useState("");
  const [weak, setWeak] = useState<readonly Weakening[]>([]);
  const [errors, setErrors] = useState(0);
  const before = facts.latest?.text ?? "";
  const next = (facts.latest?.number ?? 0) + 1;
  useEffect(() => {
    let isCurrent = true;
    void language.ask("compare", { before, after: review.text }).then((found) => {
      if (isCurrent) setWeak(found);
    });
    void language.ask("analyse", { text: review.text }).then(({ problems }) => {
      if (isCurrent) setErrors(problems.filter((problem) => problem.severity === "error").length);
    });
    return () => {
      isCurrent = false;
    };
  }, [language, before, review]);
  const publish = useMutation(
    trpc.flow.publishDraft.mutationOptions({
      onSuccess: async (done) => {
        await queries.invalidateQueries({ queryKey: trpc.flow.pathKey() });
        say(`Revision ${done.number} is published.`);
        onDone(done);
      },
    }),
  );
  const refused = publish.error === null ? null : batonError(publish.error);
  const isMoved = now !== review.text;
  return (
    <Dialog title={`Publish revision ${next}`} isOpen isWide onClose={onClose}>
      {isMoved ? (
        <div
          role="status"
          className="flex flex-wrap items-center gap-3 rounded-(--radius-2) bg-(--wait-soft) px-3 py-2 text-(--wait)"
        >
          <span className="min-w-0 flex-1">The draft has changed since you opened this.</span>
          <Button
            size="small"
            onClick={() => {
              publish.reset();
              setReview(seenOf(draft));
            }}
          >
            Show the newest
          </Button>
        </div>
      ) : null}
      {weak.length === 0 ? null : (
        <section
          aria-label="What is guarded less"
          className="rounded-(--radius-2) border border-(--wait) bg-(--wait-soft) px-3 py-2"
        >
          <h3 className="flex items-center gap-2 font-semibold text-(--wait)">
            <ShieldAlert aria-hidden size={14} /> This guards less than revision {next - 1}
          </h3>
          <ul className="mt-1 list-disc pl-6">
            {weak.map((one) => (
              <li key={one.message}>
                <span className="text-(--text-2)">{kinds[one.kind]}:</span> {one.message}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Comparison
        language={language}
        before={before}
        after={review.text}
        names={[facts.latest === null ? "Nothing yet" : `Revision ${facts.latest.number}`, "This draft"]}
      />
      {refused === null ? null : <FormError error={publish.error} />}
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          publish.mutate({
            flowId: facts.flowId,
            message: message.trim(),
            hash: hashOf(review.text),
            stateVector: review.stateVector,
          });
        }}
      >
        <div className="min-w-56 flex-1">
          <Field label="What changed" optional>
            {(ids) => (
              <Input
                {...ids}
                placeholder="In a few words, for the list of revisions"
                maxLength={200}
                value={message}
                onChange={(event) => setMessage(event.target.value)}
              />
            )}
          </Field>
        </div>
        <Button onClick={onClose}>Not yet</Button>
        <Button
          type="submit"
          tone="primary"
          busy={publish.isPending}
          disabled={errors > 0 || isMoved || review.text === before}
        >
          {errors > 0
            ? `${errors} ${errors === 1 ? "problem" : "problems"} to solve`
            : `Publish revision ${next}`}
        </Button>
      </form>
    </Dialog>
  );
}

const kinds = { approval: "Approval", grant: "Grant", limit: "Limit" } as const;
