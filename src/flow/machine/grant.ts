import type { Limits } from "../language/definition.ts";
import { isObject } from "#base/index.ts";
import { definitionAt } from "./definitions.ts";
import type { TaskPath } from "./events.ts";
import { containerAt } from "./fold/container.ts";
import { limitsLeftIn, limitsOfRun } from "./limits.ts";
import { mainSlot, placeOf } from "./paths.ts";
import { reservedIn } from "./totals.ts";
import { openTasks } from "./walk/open.ts";
import type { Walk } from "./walk/walk.ts";

/**
 * What a run that a task starts and waits for may use of this run's limits. What is left is shared
 * evenly among what can be under way beside it, so that runs side by side never have more than there is; time is all that is
 * left. "wait": nothing is left only because of what others have put aside. `runs`: how many runs the
 * task itself has under way at once.
 */
export function grantOf(walk: Walk, path: TaskPath, runs = 1): Limits | "wait" {
  const limits = limitsOfRun(walk);
  const left = limitsLeftIn(walk);
  if (counted.every((kind) => left[kind] === undefined)) return left;
  const held = reservedIn(openTasks(walk.draft));
  // Sums of money are sums of fractions: what is left in the last digits is nothing.
  const nothing = (kind: Counted): boolean =>
    (left[kind] ?? 1) <= (kind === "cost" ? (limits.cost ?? 0) : 0) * 1e-9;
  if (counted.some((kind) => nothing(kind) && held[kind] > 0)) return "wait";
  const shares = Math.max(1, runs * besideOf(walk, path) - startedRuns(walk));
  const grant: { -readonly [K in keyof Limits]: Limits[K] } = { ...left };
  for (const kind of counted) {
    const share = (left[kind] ?? 0) / shares;
    // Of steps and tasks a run has at least one while there are any: it could do nothing with a fraction.
    const least = kind === "steps" || kind === "tasks" ? Math.min(1, left[kind] ?? 0) : 0;
    if (limits[kind] !== undefined)
      grant[kind] = kind === "cost" ? share : Math.max(least, Math.floor(share));
  }
  return grant;
}

/** Limits that are used up by what is done. */
const counted = ["steps", "tasks", "tokens", "cost"] as const;
type Counted = (typeof counted)[number];

/** Runs under way that something was put aside for. */
function startedRuns(walk: Walk): number {
  return openTasks(walk.draft)
    .flatMap(({ children = [] }) => children)
    .filter(({ end, held, request }) => end === null && !held && request.waits).length;
}

/** How many tasks can be under way at once where this one is, counting itself. */
function besideOf(walk: Walk, path: TaskPath): number {
  let count = 1;
  for (let at = path; at !== "";) {
    const { parent, slot } = placeOf(at);
    if (parent === "") break;
    count *= Math.max(1, widthAt(walk, parent, slot));
    at = parent;
  }
  return count;
}

function widthAt(walk: Walk, path: TaskPath, slot: string): number {
  const task = definitionAt(walk.flow, path);
  const inside = containerAt(walk.draft, path);
  if (task?.kind === "parallel" || task?.kind === "dag") {
    if (slot !== mainSlot) return 1;
    const open = task.tasks.length - (inside?.progress[mainSlot]?.ended ?? 0);
    return Math.min(task.concurrency ?? task.tasks.length, open);
  }
  if (task?.kind === "foreach" && slot.startsWith("[")) {
    const data = walk.open(walk.at(path).data);
    const items = isObject(data) && Array.isArray(data["items"]) ? data["items"].length : 1;
    const most = placeOf(path).parent === "" ? walk.draft.run.part?.concurrency : undefined;
    return Math.min(Math.max(1, most ?? task.concurrency), items - (inside?.iterations.ended ?? 0));
  }
  return 1;
}
