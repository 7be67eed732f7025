import { BatonError } from "#base/index.ts";
import { expect, test } from "vitest";
import { isBrokenConnection, isLostRace, isWorthRepeating, throughOutage } from "./away.ts";

const failure = (code: string, message = ""): Error => Object.assign(new Error(message), { code });

test("a database that is away is told from an error of the run, whoever says so", () => {
  for (const code of ["57P01", "08006", "ECONNRESET", "EPIPE", "P1001", "P1017", "P2024", "P2028"]) {
    expect(isBrokenConnection(failure(code)), code).toBe(true);
  }
  expect(isBrokenConnection(new Error("Connection terminated unexpectedly"))).toBe(true);
  const adapter = (kind: string): Error => new Error(kind, { cause: { kind } });
  expect(isBrokenConnection(adapter("ConnectionClosed"))).toBe(true);
  expect(isBrokenConnection(adapter("UniqueConstraintViolation"))).toBe(false);
  expect(isLostRace(adapter("TransactionWriteConflict"))).toBe(true);
  for (const code of ["23503", "42P01", "P2002", "P2025"]) {
    expect(isBrokenConnection(failure(code)), code).toBe(false);
  }
  expect(isBrokenConnection(new Error("undefined is not a function"))).toBe(false);
});

test("what lost against another statement is worth repeating", () => {
  expect(isWorthRepeating(failure("40P01"))).toBe(true);
  expect(isWorthRepeating(failure("P2034"))).toBe(true);
  expect(isWorthRepeating(failure("23503"))).toBe(false);
});

/** Work that fails with `error` so many times, and a clock that only sleeping moves on. */
function failing(times: number, error: unknown) {
  const slept: number[] = [];
  let clock = 0;
  let calls = 0;
  return {
    slept,
    calls: () => calls,
    async work(): Promise<number> {
      calls += 1;
      if (calls <= times) throw error;
      return calls;
    },
    options: {
      what: "to look",
      now: () => clock,
      async sleep(milliseconds: number) {
        slept.push(milliseconds);
        clock += milliseconds;
      },
    },
  };
}

test("work goes on when the database is back, with ever longer pauses", async () => {
  const outage = failing(8, failure("57P03", "the database system is starting up"));
  expect(await throughOutage(outage.work, outage.options)).toBe(9);
  expect(outage.slept).toHaveLength(8);
  expect(outage.slept[0]).toBeLessThanOrEqual(50);
  expect(Math.max(...outage.slept)).toBeLessThanOrEqual(2000);
  expect(outage.slept.at(-1)).toBeGreaterThan(outage.slept[0] ?? 0);
});

test("a database that stays away is told of in words, and other errors at once", async () => {
  const away = failing(Number.POSITIVE_INFINITY, failure("ECONNREFUSED"));
  await expect(throughOutage(away.work, { ...away.options, longestMs: 5000 })).rejects.toMatchObject({
    code: "unavailable",
    message: "The database was out of reach for too long to look.",
  });
  expect(away.calls()).toBeGreaterThan(3);
  const wrong = failing(1, failure("42P01", "no such table"));
  await expect(throughOutage(wrong.work, wrong.options)).rejects.toThrow("no such table");
  const answered = failing(
    1,
    new BatonError("unavailable", "The model is out.", { cause: failure("08006") }),
  );
  await expect(throughOutage(answered.work, answered.options)).rejects.toThrow("The model is out.");
  expect([wrong.calls(), answered.calls()]).toEqual([1, 1]);
});

test("nobody waits for a database for work that was given up", async () => {
  const away = failing(5, failure("ECONNRESET"));
  await expect(
    throughOutage(away.work, { ...away.options, signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(away.calls()).toBe(1);
});
