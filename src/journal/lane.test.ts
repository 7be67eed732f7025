import { expect, test } from "vitest";
import { isBrokenConnection, isWorthRepeating } from "./lane.ts";

const failure = (code: string, message = ""): Error => Object.assign(new Error(message), { code });

test("a database that is away is told from an error of the run, whoever says so", () => {
  for (const code of ["57P01", "08006", "ECONNRESET", "EPIPE", "P1001", "P1017", "P2024", "P2028"]) {
    expect(isBrokenConnection(failure(code)), code).toBe(true);
  }
  expect(isBrokenConnection(new Error("Connection terminated unexpectedly"))).toBe(true);
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
