import { parseArgs } from "node:util";
import { BatonError, messageOf } from "#base/index.ts";
import type { Settings } from "#platform/index.ts";

/** What `npm start` is to run on this machine. */
export type Plan = { readonly web: boolean; readonly workers: number; readonly dev: boolean };

const usage = "Say: npm start -- --role web|worker|all --workers 2";

/**
 * The plan that the command line and the settings make; the command line counts more. Throws "misconfigured" for words
 * that it does not know, and for a role that can't be without a database of its own.
 */
export function planOf(
  args: readonly string[],
  settings: Pick<Settings, "role" | "workers" | "databaseUrl">,
): Plan {
  const given = parse(args);
  const role = given.role ?? settings.role;
  if (role !== "web" && role !== "worker" && role !== "all") {
    throw new BatonError("misconfigured", `There is no role "${role}".`, { hint: usage });
  }
  const workers = given.workers === undefined ? settings.workers : Number(given.workers);
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    throw new BatonError("misconfigured", `--workers takes a number from 1 to 64, not "${given.workers}".`, {
      hint: usage,
    });
  }
  if (role === "web" && given.workers !== undefined) {
    throw new BatonError("misconfigured", "The role web runs no workers.", {
      hint: "Leave --workers out, or take the role all.",
    });
  }
  if (role !== "all" && settings.databaseUrl === undefined) {
    throw new BatonError("misconfigured", `The role ${role} needs a database that others use as well.`, {
      hint: "Set DATABASE_URL to the Postgres that all processes share. The embedded one belongs to the machine and the `npm start` that started it, and goes with it.",
    });
  }
  return { web: role !== "worker", workers: role === "web" ? 0 : workers, dev: given.dev === true };
}

function parse(args: readonly string[]): { role?: string; workers?: string; dev?: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: { role: { type: "string" }, workers: { type: "string" }, dev: { type: "boolean" } },
    }).values;
  } catch (error) {
    throw new BatonError("misconfigured", `The command line is not understood: ${messageOf(error)}`, {
      hint: usage,
    });
  }
}
