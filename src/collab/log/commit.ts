import { messageOf } from "#base/index.ts";
import { type Database, log, metrics, transaction } from "#platform/index.ts";
import { appendUpdates, type NewUpdate, type Range } from "./append.ts";
import { runnerIn } from "./within.ts";

/** What becomes of the updates of one document in a group. */
export type Outcome = {
  readonly document: number;
  readonly updates: readonly NewUpdate[];
  /** Null: the document is not there any more, or the database could not be reached. */
  readonly range: Range | null;
  readonly gone: boolean;
};

export type Committer = {
  add(update: NewUpdate): void;
  /** Resolves when everything added so far was decided. */
  settled(): Promise<void>;
  /** Commits what is there and takes no more. */
  close(): Promise<void>;
};

export type CommitterOptions = {
  readonly db: Database;
  readonly sender: string;
  readonly decided: (outcome: Outcome) => void;
  /** How long the first of a group waits for others. 8 ms unless given; 10 is the most that writers should wait. */
  readonly groupMs?: number;
  /** How long a group is tried again while the database can't be reached. */
  readonly patienceMs?: number;
};

/**
 * Commits updates in groups, one after the other: whatever came while a group was on its way is the next one. An
 * update is told to others only when this says that it was committed.
 */
export function createCommitter(options: CommitterOptions): Committer {
  const { db, sender, decided, groupMs = 8, patienceMs = 5000 } = options;
  let waiting: NewUpdate[] = [];
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let closed = false;

  function arm(): void {
    if (timer !== null || running !== null) return;
    timer = setTimeout(begin, groupMs);
  }

  function begin(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (waiting.length === 0 || running !== null) return;
    const group = waiting;
    waiting = [];
    running = commit(group).finally(() => {
      running = null;
      if (waiting.length > 0) arm();
    });
  }

  async function commit(group: readonly NewUpdate[]): Promise<void> {
    const began = performance.now();
    const ranges = await attempt(group, began);
    const byDocument = Map.groupBy(group, (update) => update.document);
    if (ranges !== null) {
      metrics.liveCommits.observe((performance.now() - began) / 1000);
      metrics.liveCommitGroups.observe(group.length);
    }
    for (const [document, updates] of byDocument) {
      const range = ranges?.get(document) ?? null;
      try {
        decided({ document, updates, range, gone: ranges !== null && range === null });
      } catch (error) {
        log.error({ error: messageOf(error), document }, "telling of committed live updates failed");
      }
    }
  }

  /** Trying again may append a group twice when its answer got lost: Yjs takes an update twice as once. */
  async function attempt(group: readonly NewUpdate[], began: number): Promise<Map<number, Range> | null> {
    for (let pause = 25; ; pause *= 2) {
      try {
        return await append(group);
      } catch (error) {
        const late = performance.now() - began + pause > patienceMs;
        log.warn({ error: messageOf(error), updates: group.length, late }, "saving live updates failed");
        if (late || closed) return null;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** One statement; a transaction where something else is written with it. */
  function append(group: readonly NewUpdate[]): Promise<Map<number, Range>> {
    const records = group.flatMap(({ document, record }) =>
      record === undefined ? [] : [{ document, record }],
    );
    if (records.length === 0) return appendUpdates(db.pool, sender, group);
    return transaction(db, async (tx) => {
      const ranges = await appendUpdates(runnerIn(tx), sender, group);
      for (const { document, record } of records) if (ranges.has(document)) await record(tx);
      return ranges;
    });
  }

  async function settled(): Promise<void> {
    while (waiting.length > 0 || running !== null) {
      if (running === null) begin();
      await running;
    }
  }

  return {
    add(update) {
      if (closed) return;
      waiting.push(update);
      arm();
    },
    settled,
    async close() {
      await settled();
      closed = true;
    },
  };
}
