import { BatonError, messageOf, type WorkerId } from "#base/index.ts";
import { type Database, type Listener, log, type Queryable } from "#platform/index.ts";

/** Limits of a gate; null: none. They hold over all workers. */
export type GateLimits = {
  /** Calls at once. */
  readonly most: number | null;
  readonly callsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
};

export const noLimits: GateLimits = { most: null, callsPerMinute: null, tokensPerMinute: null };

/** How a call through a gate went. */
export type Passage = {
  /** Whether the other side was reached; null: the call was given up before it could be known. */
  readonly reached: boolean | null;
  /** Seconds that the other side asks to be left alone. */
  readonly askedFor?: number;
  /** Tokens that it used. */
  readonly used?: number;
};

export type Turn = {
  /**
   * To be called once, however the call went. Answers how many calls in a row have not reached the other side. Never
   * rejects: what a call brought must not be lost because its end could not be noted.
   */
  end(passage: Passage): Promise<number>;
};

/** It is out: no turn is to be had, and it is worth asking again after so many milliseconds. */
export type Out = { readonly outMs: number };

/**
 * Its turn comes later than is worth waiting for with a worker's time. Its place in the line is kept: asked again under
 * the same name after so many milliseconds, it goes before those that came after it.
 */
export type Later = { readonly laterMs: number };

/**
 * Calls to what takes only so many of them, or is out: models and tools. Calls wait in order of age, over all workers;
 * those of a dead worker count no more. Where nothing is limited and nothing is out, no statement is made.
 */
export type Gates = {
  /**
   * Resolves when it is the call's turn, at once where nothing is in its way. `onWait` is called when it has to wait.
   * Where the other side is out, it tells so instead, unless this call is the one to try it. With `place`, under which the
   * call is known when it comes again, it tells so as well where it would have to wait for long. Rejects with
   * "cancelled" when the signal is aborted before.
   */
  turn(
    name: string,
    limits: GateLimits,
    signal: AbortSignal,
    onWait: () => void,
    place?: string,
  ): Promise<Turn | Out | Later>;
  /** Milliseconds for which something that is out is to be left alone; 0 when it may be called, or nobody can tell. */
  closedFor(name: string): Promise<number>;
  /** Notes how a call went that took no turn. Never rejects. */
  note(name: string, passage: Passage): Promise<void>;
  close(): void;
};

/** What is told may get lost; then the next look finds it. With a part at random, so that workers don't look at once. */
const sweepMs = 4000;
/** A turn that nobody here knows of is taken for lost when it is so many seconds old: its asking is over for sure. */
const lostAfterSeconds = 30;
/** While one call tries what is out, and nobody knows for how long, others ask again after this, in milliseconds. */
const whileTriedMs = 10_000;
/** Who has to wait longer, in milliseconds, comes again later. */
const patienceMs = 3000;
/** Nobody is sent away for longer, in milliseconds: limits may be raised meanwhile. */
const longestAwayMs = 600_000;
/** Seconds for which a place is kept beyond the time at which its call should come. */
const keptSeconds = 60;
/** From so many failures in a row on, something counts as out. */
export const outAfter = 3;

type Waiting = {
  readonly id: string;
  readonly name: string;
  readonly limits: GateLimits;
  /** Whether its place can be kept while it is away. */
  readonly comesAgain: boolean;
  grant(): void;
  leave(answer: Out | Later): void;
};

export function createGates(db: Database, listener: Listener, worker: WorkerId): Gates {
  const { pool } = db;
  const waiting = new Map<string, Waiting>();
  /** Gates that failed lately: their calls take turns. */
  const guarded = new Set<string>();
  /** Turns that calls of this worker have. */
  const held = new Set<string>();
  /** Names of gates at which this worker may have a turn that it does not know of, or no longer. */
  const doubtful = new Map<string, GateLimits>();
  /** When a gate is to be looked at again. */
  const alarms = new Map<string, NodeJS.Timeout>();
  const stops: (() => void)[] = [];
  let closed = false;
  let sweeping: NodeJS.Timeout | null = null;
  let listening: Promise<void> | null = null;

  function listen(): Promise<void> {
    listening ??= (async () => {
      stops.push(
        await listener.listen("turn", (payload) => {
          if (payload.startsWith("out ")) guarded.add(payload.slice(4));
          else waiting.get(payload)?.grant();
        }),
        listener.onReconnect(() => void look()),
      );
      await learn();
      later();
    })().catch((error: unknown) => {
      listening = null;
      throw error;
    });
    return listening;
  }

  async function learn(): Promise<void> {
    const { rows } = await pool.query<{ name: string }>("select name from gate where failures > 0");
    guarded.clear();
    for (const { name } of rows) guarded.add(name);
  }

  /** Whether it is out, and for how long. */
  async function outOf(name: string): Promise<Out | null> {
    if (!guarded.has(name)) return null;
    const { rows } = await pool.query<{ closed: number | null }>(
      `select extract(epoch from closed_until - clock_timestamp())::float8 as closed
         from gate where name = $1 and failures >= ${outAfter}`,
      [name],
    );
    const [found] = rows;
    if (found === undefined) return null;
    return { outMs: found.closed !== null && found.closed > 0 ? found.closed * 1000 : whileTriedMs };
  }

  /** Sends away those that wait for a turn at what went out meanwhile. */
  async function sendAway(name: string): Promise<void> {
    const out = await outOf(name);
    if (out === null) return;
    for (const one of [...waiting.values()]) if (one.name === name) one.leave(out);
  }

  function later(): void {
    if (closed) return;
    sweeping = setTimeout(() => void look().finally(later), sweepMs * (0.75 + 0.5 * Math.random()));
    sweeping.unref();
  }

  /** Looks for turns that were granted without our having heard of it, and has due ones granted. */
  async function look(): Promise<void> {
    try {
      if (guarded.size > 0) await learn();
      if (doubtful.size > 0) await clear();
      if (waiting.size === 0) return;
      const gates = new Map([...waiting.values()].map(({ name, limits }) => [name, limits]));
      for (const [name, limits] of gates) await ask(name, limits);
      const { rows } = await pool.query<{ id: string }>(
        "select id::text from turn where worker = $1 and granted_at is not null",
        [worker],
      );
      for (const { id } of rows) waiting.get(id)?.grant();
      for (const name of gates.keys()) await sendAway(name);
      for (const one of [...waiting.values()]) await reconsider(one);
    } catch (error) {
      log.warn({ error: messageOf(error) }, "turns could not be looked at");
    }
  }

  /** Sends away who turns out to have to wait for long: how long calls take shows only while they are under way. */
  async function reconsider({ id, name, limits, comesAgain }: Waiting): Promise<void> {
    if (!comesAgain || limits.most === null || !waiting.has(id)) return;
    const { rows } = await pool.query<{ expected: number | null }>(
      "select place_expected($1, $2::bigint, $3) as expected",
      [name, id, limits.most],
    );
    const later = await comeLater({ id, expected: rows[0]?.expected ?? null });
    if (later !== null) waiting.get(id)?.leave(later);
  }

  /**
   * Gives back turns whose asking got no answer, or whose end could not be noted, so that they don't count for as long as
   * this worker lives.
   */
  async function clear(): Promise<void> {
    const names = new Map(doubtful);
    const known = [...held, ...waiting.keys()];
    const { rows } = await pool.query<{ name: string; old: boolean }>(
      `with lost as (
         select id, gate, asked_at < clock_timestamp() - make_interval(secs => ${lostAfterSeconds}) as old from turn
          where worker = $1 and gate = any($2::text[]) and id <> all($3::bigint[])
       ),
       gone as (delete from turn using lost where turn.id = lost.id and lost.old)
       select gate as name, old from lost`,
      [worker, [...names.keys()], known],
    );
    const young = new Set(rows.filter(({ old }) => !old).map(({ name }) => name));
    for (const [name, limits] of names) {
      if (!young.has(name)) doubtful.delete(name);
      await ask(name, limits);
    }
  }

  async function ask(name: string, limits: GateLimits): Promise<void> {
    const { rows } = await pool.query<{ wait: number | null }>("select grant_turns($1, $2, $3, $4) as wait", [
      name,
      ...values(limits),
    ]);
    alarm(name, limits, rows[0]?.wait ?? null);
  }

  /** Has the gate looked at when the time is there at which somebody may go through. */
  function alarm(name: string, limits: GateLimits, wait: number | null): void {
    if (wait === null || closed || alarms.has(name)) return;
    const timer = setTimeout(
      () => {
        alarms.delete(name);
        if ([...waiting.values()].some((one) => one.name === name)) {
          ask(name, limits).catch((error: unknown) => log.warn({ error: messageOf(error) }, "a gate failed"));
        }
      },
      Math.min(wait * 1000 + 20 * Math.random() + 5, 60_000),
    );
    timer.unref();
    alarms.set(name, timer);
  }

  async function end(id: string, name: string, limits: GateLimits, passage: Passage): Promise<number> {
    held.delete(id);
    try {
      const { rows } = await pool.query<{ in_a_row: number; wait: number | null }>(
        "select in_a_row, wait from end_turn($1, $2, $3, $4, $5, $6, $7, $8)",
        [id, name, passage.reached, passage.askedFor ?? null, passage.used ?? 0, ...values(limits)],
      );
      alarm(name, limits, rows[0]?.wait ?? null);
      return await told(name, passage, rows[0]?.in_a_row ?? 0);
    } catch (error) {
      doubtful.set(name, limits);
      log.warn({ gate: name, error: messageOf(error) }, "the end of a call could not be noted");
      return 0;
    }
  }

  async function note(name: string, passage: Passage): Promise<number> {
    try {
      const { rows } = await pool.query<{ in_a_row: number }>(
        "select in_a_row from note_call($1, $2, $3, $4, null)",
        [name, passage.reached, passage.askedFor ?? null, passage.used ?? 0],
      );
      return await told(name, passage, rows[0]?.in_a_row ?? 0);
    } catch (error) {
      log.warn({ gate: name, error: messageOf(error) }, "how a call went could not be noted");
      return 0;
    }
  }

  async function told(name: string, passage: Passage, failures: number): Promise<number> {
    if (passage.reached === true) guarded.delete(name);
    else if (passage.reached === false && !guarded.has(name)) {
      guarded.add(name);
      await pool.query("select pg_notify('turn', $1)", [`out ${name}`]);
    }
    return failures;
  }

  return {
    async turn(name, limits, signal, onWait, place) {
      await listen();
      const isLimited = values(limits).some((limit) => limit !== null);
      if (!isLimited && !guarded.has(name)) {
        return {
          end: (passage) =>
            passage.reached === false || guarded.has(name) ? note(name, passage) : Promise.resolve(0),
        };
      }
      const asked = await takePlace(name, limits, place);
      const { id } = asked;
      held.add(id);
      if (!asked.granted) {
        alarm(name, limits, asked.wait);
        try {
          const out = await outOf(name);
          const later = out === null && place !== undefined ? await comeLater(asked) : null;
          if (later !== null) return later;
          const comesAgain = place !== undefined;
          const gone = out ?? (await granted({ id, name, limits, comesAgain }, signal, onWait));
          if (gone !== null) {
            if ("outMs" in gone) await end(id, name, limits, { reached: null });
            return gone;
          }
        } catch (error) {
          await end(id, name, limits, { reached: null });
          throw error;
        }
      }
      return { end: (passage) => end(id, name, limits, passage) };
    },
    async closedFor(name) {
      try {
        await listen();
        return guarded.has(name) ? await closedFor(name) : 0;
      } catch (error) {
        // A call must not fail because of what only spares it.
        log.warn({ gate: name, error: messageOf(error) }, "a gate could not be asked");
        return 0;
      }
    },
    async note(name, passage) {
      if (passage.reached === true && !guarded.has(name)) return;
      await note(name, passage);
    },
    close() {
      closed = true;
      if (sweeping !== null) clearTimeout(sweeping);
      for (const timer of alarms.values()) clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };

  async function closedFor(name: string): Promise<number> {
    // Whoever finds it open closes it for the others while it tries.
    const { rows } = await pool.query<{ closed: number | null }>(
      `with tried as (
         update gate set closed_until = clock_timestamp() + interval '10 seconds'
          where name = $1 and failures >= ${outAfter} and closed_until <= clock_timestamp() returning name
       )
       select case when exists (select 1 from tried) then 0
                   else extract(epoch from closed_until - clock_timestamp()) end::float8 as closed
         from gate where name = $1`,
      [name],
    );
    return Math.max(0, (rows[0]?.closed ?? 0) * 1000);
  }

  async function takePlace(name: string, limits: GateLimits, place: string | undefined): Promise<Asked> {
    try {
      const { rows } = await pool.query<Asked>(
        "select turn_id::text as id, wait, granted, expected from ask_turn($1, $2, $3, $4, $5, $6)",
        [name, worker, ...values(limits), place ?? null],
      );
      const [asked] = rows;
      if (asked === undefined) throw new Error("The gate did not answer.");
      return asked;
    } catch (error) {
      // Without an answer, it may have a place all the same.
      doubtful.set(name, limits);
      throw error;
    }
  }

  /** Leaves the line with its place kept, where the turn is not to be expected soon. Null: it is, or came meanwhile. */
  async function comeLater({ id, expected }: Pick<Asked, "id" | "expected">): Promise<Later | null> {
    if (expected === null || expected * 1000 <= patienceMs) return null;
    const laterMs = Math.min(expected * 1000, longestAwayMs);
    const { rowCount } = await pool.query(
      `update turn set worker = '', kept_until = clock_timestamp() + make_interval(secs => $2::float8)
        where id = $1::bigint and granted_at is null`,
      [id, laterMs / 1000 + keptSeconds],
    );
    if ((rowCount ?? 0) === 0) return null;
    held.delete(id);
    return { laterMs };
  }

  /** Waits for a turn. Answers null when it is there, else that the other side went out, or that it takes long. */
  function granted(
    asked: Omit<Waiting, "grant" | "leave">,
    signal: AbortSignal,
    onWait: () => void,
  ): Promise<Out | Later | null> {
    const { id } = asked;
    return new Promise<Out | Later | null>((resolve, reject) => {
      onWait();
      const leave = (): void => {
        waiting.delete(id);
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        leave();
        reject(new BatonError("cancelled", "The call was given up while it waited for its turn."));
      };
      waiting.set(id, {
        ...asked,
        grant() {
          leave();
          resolve(null);
        },
        leave(answer) {
          leave();
          resolve(answer);
        },
      });
      if (signal.aborted) onAbort();
      else {
        signal.addEventListener("abort", onAbort, { once: true });
        // Granted between the asking and our being ready to hear of it.
        void pool
          .query("select 1 from turn where id = $1 and granted_at is not null", [id])
          .then(({ rowCount }) => {
            if ((rowCount ?? 0) > 0) waiting.get(id)?.grant();
          })
          .catch(() => undefined);
      }
    });
  }
}

/** `wait`: seconds until somebody's turn; `expected`: until the one that asked should ask again, where that can be told. */
type Asked = { id: string; wait: number | null; granted: boolean; expected: number | null };

function values({ most, callsPerMinute, tokensPerMinute }: GateLimits): (number | null)[] {
  return [most, callsPerMinute, tokensPerMinute];
}

/**
 * Forgets gates that nobody has come to for an hour: each place that a call ever failed to reach has one. What they held
 * back is over by then.
 */
export async function forgetGates(db: Queryable): Promise<void> {
  await db.query("delete from turn where kept_until < clock_timestamp()", []);
  await db.query(
    `delete from gate where name in (
       select name from gate
        where greatest(closed_until, calls_at, tokens_at) < clock_timestamp() - interval '1 hour'
          and not exists (select 1 from turn where turn.gate = gate.name)
        limit 1000 for update skip locked)`,
    [],
  );
}
