"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useTRPC } from "./trpc.ts";

/** Keeps every list fresh: what changed in the workspace is read again. Answers whether the line is up. */
export function useWorkspaceLive(enabled: boolean): { isConnected: boolean } {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const subscription = useSubscription(
    trpc.workspace.watch.subscriptionOptions(undefined, {
      enabled,
      onData: ({ data }) => {
        const stale =
          data.kind === "run"
            ? [trpc.run.list.pathKey(), trpc.home.pathKey(), trpc.flow.list.pathKey()]
            : data.kind === "approval"
              ? [trpc.inbox.pathKey(), trpc.home.pathKey()]
              : data.kind === "flow"
                ? [trpc.flow.pathKey(), trpc.home.pathKey(), trpc.trigger.pathKey()]
                : data.kind === "trigger"
                  ? [trpc.trigger.list.pathKey(), trpc.trigger.outcomes.pathKey()]
                  : [trpc.inbox.pathKey()];
        for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
      },
    }),
  );
  return { isConnected: !enabled || subscription.status !== "error" };
}
