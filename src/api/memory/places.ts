import { listMemories } from "#memory/index.ts";
import { verb } from "../trpc.ts";
import { memoryOf } from "./shared.ts";

/** Flows and runs that remember or remembered something, latest first. */
export const places = verb("workspace.see").query(({ ctx: { deps, scope } }) =>
  listMemories(memoryOf(deps), scope),
);
