import { z } from "zod";
import { listAudit } from "#governance/index.ts";
import { verb } from "../trpc.ts";
import type { AuditRow } from "../views.ts";

export const list = verb("audit.read")
  .input(
    z
      .object({
        runId: z.string().max(100).optional(),
        actor: z.string().max(200).optional(),
        action: z.string().max(100).optional(),
        cursor: z.string().max(30).nullish(),
        limit: z.number().int().min(1).max(200).optional(),
      })
      .optional(),
  )
  .query(({ ctx: { deps, scope }, input = {} }): Promise<{ rows: AuditRow[]; next: string | null }> =>
    listAudit(deps.db, scope, { ...input, cursor: input.cursor ?? undefined }),
  );
