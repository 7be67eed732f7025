import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { concernsServer, watchSources } from "./watch.ts";

it("knows which files the server is made of", () => {
  expect(["engine/segment.ts", "agents/models/prices.json", "flow/index.ts"].every(concernsServer)).toBe(
    true,
  );
  expect(
    [
      "ui/run/run-page.tsx",
      "app/layout.tsx",
      "engine/segment.test.ts",
      "ui/run/words.ts",
      "flow/SPEC.md",
    ].some(concernsServer),
  ).toBe(false);
});

it("tells of a change once it has come to rest", async () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-watch-"));
  mkdirSync(join(folder, "engine"));
  const told = Promise.withResolvers<void>();
  const stop = watchSources(folder, () => told.resolve(), 1);
  writeFileSync(join(folder, "engine", "a.ts"), "export {};");
  await told.promise;
  stop();
  rmSync(folder, { recursive: true });
});
