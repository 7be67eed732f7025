"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { isObject } from "#base/index.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Input } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { useToast } from "../parts/toast.tsx";
import type { Checked } from "./flow-source.tsx";

/** Makes the text a revision, with a message about what changed. */
export function PublishBar({
  text,
  checked,
  flowId,
  nextNumber,
  onDone,
  onCancel,
}: {
  text: string;
  checked: Checked;
  flowId?: string;
  nextNumber: number;
  onDone(published: { slug: string; number: number }): void;
  onCancel?: () => void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  const [message, setMessage] = useState("");
  const publish = useMutation(
    trpc.flow.publish.mutationOptions({
      onSuccess: async (done) => {
        await queries.invalidateQueries({ queryKey: trpc.flow.pathKey() });
        say(`Revision ${done.number} is published.`);
        onDone(done);
      },
    }),
  );
  const errors = checked.problems.filter((problem) => problem.severity === "error").length;
  const isProblemList =
    publish.error !== null &&
    isObject(batonError(publish.error).details) &&
    "problems" in (batonError(publish.error).details as object);
  return (
    <div className="sticky bottom-14 z-20 -my-2 flex flex-col gap-2 bg-(--bg) py-2 md:bottom-0">
      {publish.error !== null && !isProblemList ? <FormError error={publish.error} /> : null}
      <form
        className="flex flex-wrap items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          publish.mutate({ text, message: message.trim(), ...(flowId === undefined ? {} : { flowId }) });
        }}
      >
        <Input
          aria-label="What changed"
          placeholder="What changed, in a few words"
          className="min-w-40 flex-1 basis-56"
          maxLength={200}
          value={message}
          onChange={(event) => setMessage(event.target.value)}
        />
        {onCancel === undefined ? null : <Button onClick={onCancel}>Leave unchanged</Button>}
        <Button
          type="submit"
          tone="primary"
          busy={publish.isPending}
          disabled={errors > 0 || text.trim() === ""}
        >
          {errors > 0
            ? `${errors} ${errors === 1 ? "problem" : "problems"} to solve`
            : `Publish revision ${nextNumber}`}
        </Button>
      </form>
    </div>
  );
}
