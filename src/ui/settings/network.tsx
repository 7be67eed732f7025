"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { EgressView } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Field, Textarea } from "../parts/field.tsx";
import { ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { useToast } from "../parts/toast.tsx";
import { fieldErrors } from "../setup/field-errors.ts";

/** Which places the tools of the workspace may reach. */
export function Network() {
  const trpc = useTRPC();
  const egress = useQuery(trpc.settings.egress.queryOptions());
  return (
    <Card title="Network" flush>
      <p className="border-b border-(--border) px-4 py-3 text-(--text-2)">
        Where the HTTP calls of flows and agents may go. Private networks stay closed, but for what the
        operator of this installation opens; redirects are checked again.
      </p>
      {egress.error !== null ? (
        <ErrorState error={egress.error} onRetry={() => void egress.refetch()} />
      ) : egress.data === undefined ? (
        <SkeletonRows rows={2} />
      ) : (
        <NetworkForm saved={egress.data} />
      )}
    </Card>
  );
}

function NetworkForm({ saved }: { saved: EgressView }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  const name = useId();
  const [isNarrow, setNarrow] = useState(saved.only !== null);
  const [places, setPlaces] = useState((saved.only ?? []).join("\n"));
  const set = useMutation(
    trpc.settings.setEgress.mutationOptions({
      onSuccess: async () => {
        await queries.invalidateQueries({ queryKey: trpc.settings.egress.queryKey() });
        say("The rules are saved. They count from the next call on.");
      },
    }),
  );
  const lines = places.split("\n").filter((line) => line.trim() !== "");
  const only = isNarrow ? lines : null;
  const isChanged = JSON.stringify(only) !== JSON.stringify(saved.only);
  const choices = [
    { narrow: false, label: "All public addresses", about: "On the ports of http and https." },
    {
      narrow: true,
      label: "Only the places below",
      about: "Every other call is refused, with a reason in the run.",
    },
  ];
  return (
    <form
      className="flex flex-col gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate({ only });
      }}
    >
      <fieldset className="flex flex-col gap-2">
        <legend className="sr-only">Where calls may go</legend>
        {choices.map(({ narrow, label, about }) => (
          <label key={label} className="flex min-h-8 cursor-pointer items-baseline gap-2.5">
            <input
              type="radio"
              name={name}
              className="translate-y-0.5 accent-(--accent)"
              checked={isNarrow === narrow}
              onChange={() => setNarrow(narrow)}
            />
            <span>
              {label} <span className="text-(--text-3)">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {isNarrow ? (
        <Field
          label="Places"
          hint="One a line: host, host:port, scheme://host:port or *.example.com. Without a port: 80 and 443."
          error={fieldErrors(set.error)["only"]}
        >
          {(ids) => (
            <Textarea
              {...ids}
              rows={Math.min(12, Math.max(4, lines.length + 1))}
              spellCheck={false}
              autoCapitalize="off"
              className="[font:var(--type-code)]"
              placeholder={"api.example.com\n*.example.org"}
              value={places}
              onChange={(event) => setPlaces(event.target.value)}
            />
          )}
        </Field>
      ) : null}
      {isNarrow && lines.length === 0 ? (
        <p className="text-(--text-2)">With no place listed, tools reach nothing outside of Baton.</p>
      ) : null}
      <div className="flex items-center gap-3">
        <Button type="submit" tone="primary" busy={set.isPending} disabled={!isChanged}>
          Save
        </Button>
      </div>
      {fieldErrors(set.error)["only"] === undefined ? <FormError error={set.error} /> : null}
    </form>
  );
}
