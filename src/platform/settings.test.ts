import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFolder, readSettings, variables } from "./settings.ts";

describe("readSettings", () => {
  it("needs nothing", () => {
    expect(readSettings({})).toMatchObject({
      home: join(projectFolder, ".baton"),
      host: "127.0.0.1",
      port: 3030,
      url: "http://localhost:3030",
      databaseUrl: undefined,
      maxUpload: 25 * 1024 * 1024,
    });
  });

  it("takes an empty variable as unset", () => {
    expect(readSettings({ DATABASE_URL: "", PORT: "", BATON_PORT: "", BATON_URL: "" }).port).toBe(3030);
  });

  it("prefers BATON_PORT to PORT, and follows it in the address", () => {
    expect(readSettings({ BATON_PORT: "4000", PORT: "5000" })).toMatchObject({
      port: 4000,
      url: "http://localhost:4000",
    });
    expect(readSettings({ PORT: "5000" }).port).toBe(5000);
  });

  it("keeps only the origin of BATON_URL", () => {
    expect(readSettings({ BATON_URL: "https://baton.example.com/somewhere/" }).url).toBe(
      "https://baton.example.com",
    );
  });

  it("names every wrong variable at once", () => {
    const read = () =>
      readSettings({
        PORT: "http",
        DATABASE_URL: "mysql://x",
        BATON_URL: "baton.example.com",
        BATON_SECRET_KEY: "short",
      });
    for (const name of ["PORT", "DATABASE_URL", "BATON_URL", "BATON_SECRET_KEY"]) expect(read).toThrow(name);
    expect(() => readSettings({ PORT: "70000" })).toThrow("PORT must be between 0 and 65535");
  });
});

describe(".env.example", () => {
  const example = readFileSync(join(projectFolder, ".env.example"), "utf8");
  const names = [...example.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);

  it("has every variable that is read, and no other", () => {
    expect(names.toSorted()).toEqual(Object.keys(variables).toSorted());
  });

  it("explains each one", () => {
    for (const block of example.split("\n\n").filter((text) => /^[A-Z_]+=/m.test(text))) {
      expect(block, block).toMatch(/^# \S/);
    }
  });
});
