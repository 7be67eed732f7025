import { z } from "zod";
import type { Json } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import { keyedHash } from "#platform/index.ts";
import { startRun } from "./starting.ts";
import { verb } from "../trpc.ts";

/** Starts a run. A start that is repeated under its `idempotencyKey` answers the run that the first one made. */
export const start = verb("run.start")
  .input(
    z.object({
      slug: z.string().max(200),
      revision: z.number().int().positive().optional(),
      inputs: z.record(z.string(), z.json()).default({}),
      /** Remembered for seven days, for the caller alone. */
      idempotencyKey: z.string().min(1).max(200).optional(),
      /** Over those of the flow. */
      labels: z.record(z.string(), z.string()).optional(),
    }),
  )
  .mutation(({ ctx: { deps, scope }, input }) => {
    const { slug, revision, labels, idempotencyKey } = input;
    const inputs = input.inputs as Record<string, Json>;
    const once =
      idempotencyKey === undefined
        ? undefined
        : {
            scope: `${scope.workspaceId} ${scope.actor.id}`,
            keys: [idempotencyKey],
            // Inputs may be secrets: a plain hash of them could be guessed.
            asked: keyedHash(
              "run.start",
              canonicalJson({ slug, revision: revision ?? null, inputs, ...(labels ? { labels } : {}) }),
            ),
          };
    return startRun(deps.db, scope, { slug, revision, inputs, labels, once });
  });
