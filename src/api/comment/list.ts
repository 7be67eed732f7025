import { z } from "zod";
import { listThreads } from "#people/index.ts";
import { verb } from "../trpc.ts";
import type { CommentThread } from "../views.ts";
import { id } from "./shared.ts";

/** All threads of a flow's draft, resolved ones as well. */
export const list = verb("workspace.see")
  .input(z.object({ flowId: id }))
  .query(({ ctx: { deps, scope }, input }): Promise<CommentThread[]> =>
    listThreads(deps, scope, input.flowId),
  );
