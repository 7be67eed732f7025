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
            ? [
                trpc.run.list.pathKey(),
                trpc.home.pathKey(),
                trpc.flow.list.pathKey(),
                ...reopened(queries.getQueryData(trpc.run.get.queryKey({ id: data.id })), () =>
                  trpc.run.get.queryKey({ id: data.id }),
                ),
              ]
            : data.kind === "approval"
              ? [trpc.inbox.pathKey(), trpc.home.pathKey()]
              : data.kind === "flow"
                ? [trpc.flow.pathKey(), trpc.home.pathKey(), trpc.trigger.pathKey()]
                : data.kind === "trigger"
                  ? [trpc.trigger.list.pathKey(), trpc.trigger.outcomes.pathKey()]
                  : data.kind === "bulk"
                    ? [trpc.bulk.pathKey()]
                    : data.kind === "memory"
                      ? [trpc.memory.pathKey()]
                      : data.kind === "comment"
                        ? [trpc.comment.pathKey()]
                        : [trpc.inbox.pathKey(), trpc.home.pathKey()];
        for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
        if (data.kind === "approval") {
          // A vote that settles nothing yet is no event of the run, yet its page shows it.
          void queries.invalidateQueries({
            queryKey: trpc.run.get.pathKey(),
            predicate: ({ state }) => asks(state.data, data.id),
          });
        }
      },
    }),
  );
  return { isConnected: !enabled || subscription.status !== "error" };
}

/** Whether a run that was read asks this; "*" stands for anything. */
function asks(run: unknown, approval: string): boolean {
  const { approvals } = (run ?? {}) as { approvals?: readonly { id: string }[] };
  return approvals?.some(({ id }) => approval === "*" || id === approval) === true;
}

/** A run that was over and has news was taken up again: nobody follows its events any more, so it is read anew. */
function reopened<Key>(known: { finishedAt: number | null } | undefined, key: () => Key): Key[] {
  return known !== undefined && known.finishedAt !== null ? [key()] : [];
}
