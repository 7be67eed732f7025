"use client";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useTRPC } from "../client/trpc.ts";
import { Card } from "../parts/card.tsx";
import { Select } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { ErrorState } from "../parts/states.tsx";
import { MemoryPanel } from "./memory-panel.tsx";

/** What the workspace, its flows and their runs remember. The URL carries which memory is shown. */
export function MemoryPage() {
  const trpc = useTRPC();
  const places = useQuery(trpc.memory.places.queryOptions());
  const chosen = useSearchParams().get("of") ?? "";
  const show = (subject: string): void => {
    const query = subject === "" ? "" : `?of=${encodeURIComponent(subject)}`;
    window.history.replaceState(null, "", `${window.location.pathname}${query}`);
  };
  const { flows = [], runs = [] } = places.data ?? {};
  const known = [...flows, ...runs].some(({ subject }) => subject === chosen);
  const scope = chosen === "" ? "workspace" : chosen.startsWith("run_") ? "run" : "flow";
  return (
    <Page
      title="Memory"
      about="What agents, flows and people remember together: for everybody, for a flow, or for one run."
      actions={
        <Select
          aria-label="Which memory"
          value={chosen}
          onChange={(event) => show(event.target.value)}
          className="w-auto max-w-full min-w-56 max-sm:w-full"
        >
          <option value="">The workspace</option>
          {flows.length === 0 ? null : (
            <optgroup label="Flows">
              {flows.map(({ subject, title }) => (
                <option key={subject} value={subject}>
                  {title}
                </option>
              ))}
            </optgroup>
          )}
          {runs.length === 0 ? null : (
            <optgroup label="Runs">
              {runs.map(({ subject, title, number }) => (
                <option key={subject} value={subject}>
                  {title}, run {number}
                </option>
              ))}
            </optgroup>
          )}
          {chosen === "" || known ? null : (
            <option value={chosen}>{scope === "run" ? "This run" : "This flow"}</option>
          )}
        </Select>
      }
    >
      {places.error === null ? null : (
        <ErrorState error={places.error} onRetry={() => void places.refetch()} />
      )}
      <Card flush>
        <MemoryPanel key={chosen} scope={scope} {...(chosen === "" ? {} : { subject: chosen })} />
      </Card>
    </Page>
  );
}
