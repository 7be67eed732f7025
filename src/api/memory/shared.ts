import { z } from "zod";
import type { PeoplesMemory } from "#memory/index.ts";
import type { ApiDeps } from "../deps.ts";

/** Id of a flow or a run; the workspace's memory when left out. */
export const subject = z.string().min(1).max(100).optional();
export const entryType = z.enum(["fact", "note", "decision", "artefact"]);
export const tags = z.array(z.string().max(60)).max(20);
export const name = z.string().min(1).max(200);

export function memoryOf({ db, live }: Pick<ApiDeps, "db" | "live">): PeoplesMemory {
  return { db, live, now: Date.now };
}
