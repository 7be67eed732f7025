import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../testing.ts";
import { isBrokenConnection } from "./away.ts";
import { transaction } from "./database.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await startTestDatabase();
});
afterAll(() => test.close());

const instances = async (key: string): Promise<number> =>
  Number((await test.db.pool.query("select count(*) as n from instance where key = $1", [key])).rows[0].n);

describe("transaction", () => {
  it("commits what Prisma and raw SQL wrote, on one connection", async () => {
    const pids = await transaction(test.db, async (tx) => {
      await tx.prisma.instance.create({ data: { key: "both", value: "prisma" } });
      const { rows } = await tx.query<{ value: string }>("select value from instance where key = $1", [
        "both",
      ]);
      expect(rows).toEqual([{ value: "prisma" }]);
      await tx.query("update instance set value = 'raw' where key = 'both'");
      expect((await tx.prisma.instance.findUniqueOrThrow({ where: { key: "both" } })).value).toBe("raw");
      const raw = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      const prisma = await tx.prisma.$queryRaw<{ pid: number }[]>`select pg_backend_pid() as pid`;
      return [raw.rows[0]?.pid, prisma[0]?.pid];
    });
    expect(pids[0]).toBe(pids[1]);
    expect(await instances("both")).toBe(1);
  });

  it("keeps nothing of either when the work throws", async () => {
    const failing = transaction(test.db, async (tx) => {
      await tx.prisma.instance.create({ data: { key: "gone", value: "1" } });
      await tx.query("insert into instance (key, value) values ('gone-raw', '1')");
      throw new Error("Enough.");
    });
    await expect(failing).rejects.toThrow("Enough.");
    expect(await instances("gone")).toBe(0);
    expect(await instances("gone-raw")).toBe(0);
  });

  it("keeps nothing when a raw statement fails, and gives the connection back", async () => {
    for (let round = 0; round < 20; round += 1) {
      await expect(
        transaction(test.db, async (tx) => {
          await tx.prisma.instance.create({ data: { key: "bad", value: "1" } });
          await tx.query("select 1 / 0");
        }),
      ).rejects.toThrow(/division by zero/);
    }
    expect(await instances("bad")).toBe(0);
    expect(test.db.pool.waitingCount).toBe(0);
  });

  it("is done again when it ends in a deadlock, and tells of what is no lost race at once", async () => {
    await test.db.pool.query("insert into instance (key, value) values ('left', '0'), ('right', '0')");
    const both = { arrived: 0, meet: Promise.withResolvers<void>() };
    const tries = { first: 0, second: 0 };
    const crossing = (name: "first" | "second", from: string, to: string): Promise<void> =>
      transaction(test.db, async (tx) => {
        tries[name] += 1;
        const add = "update instance set value = (value::int + 1)::text where key = $1";
        await tx.query(add, [from]);
        both.arrived += 1;
        if (both.arrived === 2) both.meet.resolve();
        // The first time, each waits until the other holds what it wants.
        await both.meet.promise;
        await tx.query(add, [to]);
      });
    await Promise.all([crossing("first", "left", "right"), crossing("second", "right", "left")]);
    expect(tries.first + tries.second).toBe(3);
    const { rows } = await test.db.pool.query("select value from instance where key in ('left', 'right')");
    expect(rows).toEqual([{ value: "2" }, { value: "2" }]);
    let asked = 0;
    await expect(
      transaction(test.db, async (tx) => {
        asked += 1;
        await tx.query("select 1 / 0");
      }),
    ).rejects.toThrow(/division by zero/);
    expect(asked).toBe(1);
  });

  it("gives up when it loses again and again", async () => {
    let asked = 0;
    const losing = transaction(test.db, async (tx) => {
      asked += 1;
      await tx.query("do $$ begin raise exception 'again' using errcode = '40001'; end $$");
    });
    await expect(losing).rejects.toMatchObject({ code: "40001" });
    expect(asked).toBe(6);
  });

  it("keeps transactions that run at the same time apart", async () => {
    const pids = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        transaction(test.db, async (tx) => {
          await tx.prisma.instance.create({ data: { key: `parallel-${index}`, value: "1" } });
          const { rows } = await tx.query<{ pid: number; n: string }>(
            "select pg_backend_pid() as pid, count(*) as n from instance where key like 'parallel-%' and xmin::text = pg_current_xact_id()::text",
          );
          expect(rows[0]?.n).toBe("1");
          return rows[0]?.pid;
        }),
      ),
    );
    expect(pids).toHaveLength(6);
    expect(await instances("parallel-5")).toBe(1);
  });
});

describe("the audit", () => {
  it.each([
    ["update", "update audit_entry set action = 'x'"],
    ["delete", "delete from audit_entry"],
    ["truncate", "truncate audit_entry"],
  ])("refuses %s", async (_, sql) => {
    await test.db.prisma.auditEntry.create({
      data: {
        ...{ workspaceId: "ws", actorKind: "user", actorId: "u", actorName: "U", action: "flow.made" },
        ...{ subjectKind: "flow", subjectId: "f", body: "{}" },
      },
    });
    await expect(test.db.pool.query(sql)).rejects.toThrow(/append-only/);
  });
});

describe("a connection that is ended by the server", () => {
  it.each(["by Prisma", "by Prisma in raw SQL"])("is told from an error of the run, used %s", async (how) => {
    const holder = await test.db.pool.connect();
    try {
      await holder.query("begin; lock table instance in access exclusive mode");
      const asked: Promise<unknown> = Promise.resolve(
        how === "by Prisma"
          ? test.db.prisma.instance.findFirst()
          : test.db.prisma.$queryRaw`select 1 from instance`,
      ).then(
        () => null,
        (error: unknown) => error,
      );
      const endSql =
        "select pg_terminate_backend(pid) from pg_locks where not granted and relation = 'instance'::regclass";
      while ((await test.db.pool.query(endSql)).rowCount === 0);
      expect(isBrokenConnection(await asked)).toBe(true);
    } finally {
      await holder.query("rollback");
      holder.release();
    }
  });
});
