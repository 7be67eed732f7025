import { tracked } from "@trpc/server";
import { z } from "zod";
import { createMailbox, whileAllowed } from "../live.ts";
import { verb } from "../trpc.ts";

const kinds = ["run", "approval", "flow", "trigger", "notification", "bulk", "memory", "comment"] as const;

/** What changed. `id` is "*" where anything may have: after a break of the line. */
export type Change = { kind: (typeof kinds)[number]; id: string };

/** Changes in the workspace as they are committed, so that lists know when to read again. */
export const watch = verb("workspace.see")
  .input(z.object({ lastEventId: z.string().max(100).nullish() }).optional())
  .subscription(async function* ({ ctx, input, signal }) {
    const { deps, scope } = ctx;
    const mailbox = createMailbox<Change>((change) => `${change.kind} ${change.id}`);
    const everything = (): void => {
      for (const kind of kinds) mailbox.put({ kind, id: "*" });
    };
    const stops = [
      await deps.listener.listen("workspace", (payload) => {
        const [workspace, kind, id] = payload.split(" ");
        const known = kinds.find((each) => each === kind);
        if (workspace === scope.workspaceId && known !== undefined && id !== undefined) {
          mailbox.put({ kind: known, id });
        }
      }),
      deps.listener.onReconnect(everything),
    ];
    // What was told while the line was down is lost; the ids of changes can't say how much that was.
    if (typeof input?.lastEventId === "string") everything();
    try {
      let count = 0;
      for await (const change of whileAllowed(ctx, "workspace.see", signal, (until) => mailbox.read(until))) {
        count += 1;
        yield tracked(`${Date.now()}-${count}`, change);
      }
    } finally {
      for (const stop of stops) stop();
    }
  });
