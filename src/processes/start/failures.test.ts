import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BatonError } from "#base/index.ts";
import { unreachable } from "./database.ts";
import { lockHome, prepareHome } from "./home.ts";
import { claimPort } from "./port.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "baton-home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function failureOf(act: () => unknown): BatonError {
  try {
    act();
  } catch (error) {
    if (BatonError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("prepareHome", () => {
  it("makes the folder, with those above it", () => {
    prepareHome(join(home, "a/b"));
    expect(() => writeFileSync(join(home, "a/b/file"), "")).not.toThrow();
  });

  it("says that a home can't be written", () => {
    // A file in its place can't be written into by anyone, root included.
    writeFileSync(join(home, "file"), "");
    const failure = failureOf(() => prepareHome(join(home, "file")));
    expect(failure.message).toContain(`can't write to its home ${join(home, "file")}`);
    expect(failure.hint).toContain("BATON_HOME");
  });

  it.runIf(process.platform === "linux")("says so where no folder can be made at all", () => {
    expect(failureOf(() => prepareHome("/proc/nowhere/home")).message).toContain("can't write to its home");
  });

  it.skipIf(process.getuid?.() === 0)("says that a home may not be written", () => {
    chmodSync(home, 0o500);
    expect(failureOf(() => prepareHome(home)).message).toContain("can't write to its home");
  });
});

describe("lockHome", () => {
  const other = process.ppid;

  it("refuses a second instance, naming the first", () => {
    writeFileSync(join(home, "baton.pid"), `${other}\n`);
    const failure = failureOf(() => lockHome(home, () => "node src/processes/start.ts"));
    expect(failure.message).toBe(`Baton runs already on ${home} (process ${other}).`);
    expect(failure.hint).toContain("BATON_HOME");
  });

  it("takes over from a process that is gone, or that is another program now", () => {
    writeFileSync(join(home, "baton.pid"), "2147483646\n");
    lockHome(home).release();
    writeFileSync(join(home, "baton.pid"), `${other}\n`);
    lockHome(home, () => "/usr/bin/something-else");
    expect(readFileSync(join(home, "baton.pid"), "utf8").trim()).toBe(String(process.pid));
  });

  it("takes over from a file that was cut off", () => {
    writeFileSync(join(home, "baton.pid"), "");
    lockHome(home).release();
    expect(() => readFileSync(join(home, "baton.pid"))).toThrow("ENOENT");
  });
});

describe("claimPort", () => {
  it("finds a free port for 0", async () => {
    expect(await claimPort("127.0.0.1", 0)).toBeGreaterThan(0);
  });

  it("says that a port is taken, and how to choose another", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await expect(claimPort("127.0.0.1", port)).rejects.toMatchObject({
      message: `Port ${port} on 127.0.0.1 is taken by another program.`,
      hint: expect.stringContaining("BATON_PORT="),
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it("says that an address is not this machine's", async () => {
    await expect(claimPort("192.0.2.1", 0)).rejects.toThrow(/can't listen on 192\.0\.2\.1/);
  });
});

describe("an unreachable database", () => {
  const url = "postgresql://ann:sesame@db.example:6543/flows";
  it.each([
    ["ECONNREFUSED", /Nothing answers at db\.example:6543/],
    ["ENOTFOUND", /host "db\.example" .* not known/],
    ["28P01", /refuses the user "ann" or its password/],
    ["3D000", /no database "flows" on the server db\.example:6543/],
    ["XX000", /can't be reached: broken/],
  ])("is explained for %s, without the password", (code, message) => {
    const error = unreachable(url, Object.assign(new Error("broken"), { code }));
    expect(error.message).toMatch(message);
    expect(error.hint).toContain("DATABASE_URL");
    expect(`${error.message}${error.hint}`).not.toContain("sesame");
  });
});
