import { afterEach, describe, expect, it } from "vitest";
import type { BatonError } from "#base/index.ts";
import { type PoolOptions, type ProcessPool, createPool } from "./pool.ts";

type Order = { do: string };
const pools: ProcessPool<Order, unknown>[] = [];
const make = (options: Partial<PoolOptions> = {}): ProcessPool<Order, unknown> => {
  const entry = new URL("./fixtures/pool-child.ts", import.meta.url);
  const pool = createPool<Order, unknown>({
    entry,
    execArgv: ["--no-warnings"],
    size: 1,
    reuse: true,
    idleMs: 60_000,
    ...options,
  });
  pools.push(pool);
  return pool;
};
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

const run = (pool: ProcessPool<Order, unknown>, order: string, timeoutMs = 60_000): Promise<unknown> =>
  pool.run(
    { do: order },
    { timeoutMs, graceMs: 0, subject: "The test", signal: new AbortController().signal },
  );

describe("the pool of processes", () => {
  it("gives a child no environment", async () => {
    process.env["BATON_TEST_SECRET"] = "secret";
    expect(await run(make(), "environment")).toEqual([]);
  });

  it("uses a child again, or not", async () => {
    const shared = make();
    const [first, second] = [await run(shared, "count"), await run(shared, "count")] as [number, number][];
    expect(second).toEqual([first?.[0], 2]);
    const single = make({ reuse: false });
    const [third, fourth] = [await run(single, "count"), await run(single, "count")] as [number, number][];
    expect([third?.[1], fourth?.[1]]).toEqual([1, 1]);
    expect(third?.[0]).not.toBe(fourth?.[0]);
  });

  it("lets no signal of the terminal or the service manager end a call", async () => {
    expect(await run(make(), "signals")).toBe("alive");
  });

  it("replaces a child that hangs, dies, or ends itself", async () => {
    const pool = make();
    await expect(run(pool, "hang", 30)).rejects.toMatchObject({
      code: "timeout",
      message: "The test was ended after 30 ms.",
    });
    await expect(run(pool, "die")).rejects.toMatchObject({ code: "internal" });
    await expect(run(pool, "memory")).rejects.toMatchObject({ code: "limit-reached" });
    expect(await run(pool, "last")).toBe("over");
    expect(await run(pool, "count")).toMatchObject([expect.any(Number), 1]);
  });

  it("gives calls up when it is closed: running, waiting and new ones", async () => {
    const pool = make();
    await run(pool, "count");
    const pending = [run(pool, "hang"), run(pool, "count")];
    const ends = Promise.allSettled(pending);
    pool.close();
    expect(
      (await ends).map((end) => (end.status === "rejected" ? (end.reason as BatonError).code : "done")),
    ).toEqual(["cancelled", "cancelled"]);
    await expect(run(pool, "count")).rejects.toMatchObject({ code: "cancelled" });
  });
});
