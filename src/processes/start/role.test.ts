import { describe, expect, it } from "vitest";
import { BatonError } from "#base/index.ts";
import { readSettings } from "#platform/index.ts";
import { planOf } from "./role.ts";

const own = readSettings({ DATABASE_URL: "postgresql://db/baton" });

function failureOf(args: readonly string[], settings = own): BatonError {
  try {
    planOf(args, settings);
  } catch (error) {
    if (BatonError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("planOf", () => {
  it("runs everything unless told otherwise", () => {
    expect(planOf([], readSettings({}))).toEqual({ web: true, workers: 1, dev: false });
    expect(planOf(["--dev"], readSettings({}))).toMatchObject({ dev: true });
  });

  it("takes the role and the number of workers from the command line or from the settings", () => {
    expect(planOf(["--role", "web"], own)).toMatchObject({ web: true, workers: 0 });
    expect(planOf(["--role=worker", "--workers=3"], own)).toMatchObject({ web: false, workers: 3 });
    const set = readSettings({
      DATABASE_URL: "postgresql://db/baton",
      BATON_ROLE: "worker",
      BATON_WORKERS: "2",
    });
    expect(planOf([], set)).toMatchObject({ web: false, workers: 2 });
    expect(planOf(["--role", "all", "--workers", "4"], set)).toMatchObject({ web: true, workers: 4 });
  });

  it("refuses a role that has no database to share, and says what to set", () => {
    for (const role of ["web", "worker"]) {
      const failure = failureOf(["--role", role], readSettings({}));
      expect(failure.message).toContain(role);
      expect(failure.hint).toContain("DATABASE_URL");
    }
  });

  it("refuses what it does not know", () => {
    expect(failureOf(["--role", "boss"]).message).toContain('"boss"');
    expect(failureOf(["--workers", "0"]).message).toContain('"0"');
    expect(failureOf(["--workers", "many"]).message).toContain('"many"');
    expect(failureOf(["--role", "web", "--workers", "2"]).message).toContain("runs no workers");
    expect(failureOf(["--wrokers", "2"]).hint).toContain("npm start --");
  });
});
