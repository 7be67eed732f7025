import { messageOf, type RunId } from "#base/index.ts";
import { log, type Queryable } from "#platform/index.ts";
import type { AppendRequest } from "./spec.ts";

/** A notification holds at most 8000 bytes; this many run ids fit. */
const mostTold = 240;
const tellEveryMs = 20;
/** Before what could not be told is told again. */
const pauseMs = 500;
const tellSql = `select pg_notify('run', payload) from unnest($1::text[]) as payload
  union all select pg_notify('workspace', payload) from unnest($2::text[]) as payload`;

/** Tells listeners of runs, and of lists of runs, that there is something new. */
export type Teller = {
  /** The run has new events; `listed`: lists show something else of it. */
  tell(request: Pick<AppendRequest, "run" | "workspace" | "events">, listed: boolean): void;
  /** Tells what is left, as far as that goes. */
  close(): void;
};

/**
 * Tells at most once in `tellEveryMs` and apart from what was committed: commits that notify wait for one another, and
 * who watches reads whatever is there. What could not be told is told with the next; news that get lost with this
 * process are found by the listeners' sweep.
 */
export function createTeller(db: Queryable): Teller {
  const untold = new Set<RunId>();
  const unlisted = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let isFree = true;
  let isClosed = false;

  async function send(): Promise<boolean> {
    const runs = [...untold];
    const lists = [...unlisted];
    untold.clear();
    unlisted.clear();
    const payloads: string[] = [];
    for (let from = 0; from < runs.length; from += mostTold)
      payloads.push(runs.slice(from, from + mostTold).join(" "));
    try {
      await db.query(tellSql, [payloads, lists]);
      return true;
    } catch (error) {
      log.warn({ error: messageOf(error) }, "news of runs could not be told");
      for (const run of runs) untold.add(run);
      for (const list of lists) unlisted.add(list);
      return false;
    }
  }

  async function flush(): Promise<void> {
    timer = null;
    if (untold.size === 0 && unlisted.size === 0) {
      isFree = true;
      return;
    }
    const told = await send();
    if (!isClosed) timer = setTimeout(() => void flush(), told ? tellEveryMs : pauseMs);
  }

  return {
    tell({ run, workspace, events }, listed) {
      if (events.length > 0) untold.add(run);
      if (listed) unlisted.add(`${workspace} run ${run}`);
      if (!isFree || isClosed) return;
      isFree = false;
      void flush();
    },
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      if (untold.size > 0 || unlisted.size > 0) void send();
    },
  };
}
