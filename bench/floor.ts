import type pg from "pg";

/** The table that the floor's plain INSERTs go to, with the columns that any journal of steps has. */
export async function prepareFloor(pool: pg.Pool): Promise<void> {
  await pool.query(`drop table if exists bench_floor; create table bench_floor (
    run_id text not null, seq int not null, body text not null, primary key (run_id, seq))`);
}

let round = 0;

/**
 * What any engine that records its steps must pay: `runs` runs at once, each committing one INSERT a step, a step after
 * the other. Answers milliseconds in all.
 */
export async function floor(pool: pg.Pool, runs: number, steps: number): Promise<number> {
  round += 1;
  const body = JSON.stringify({ type: "step", path: "step", output: { ok: true } });
  const clients = await Promise.all(Array.from({ length: runs }, () => pool.connect()));
  const one = async (client: pg.PoolClient, run: string, count: number): Promise<void> => {
    for (let seq = 1; seq <= count; seq += 1) {
      await client.query({
        name: "bench_floor",
        text: "insert into bench_floor (run_id, seq, body) values ($1, $2, $3)",
        values: [run, seq, body],
      });
    }
  };
  try {
    // Prepares the statement on each connection.
    await Promise.all(clients.map((client, i) => one(client, `warm_${round}_${i}`, 1)));
    const before = performance.now();
    await Promise.all(clients.map((client, i) => one(client, `run_${round}_${i}`, steps)));
    return performance.now() - before;
  } finally {
    for (const client of clients) client.release();
  }
}
