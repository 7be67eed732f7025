import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSealer, masterKey, sha256 } from "./crypto.ts";

describe("createSealer", () => {
  const sealer = createSealer(new Uint8Array(32).fill(7));

  it("opens what it sealed, and never seals alike twice", () => {
    const sealed = sealer.seal("pässword \u0000 🔑");
    expect(sealer.unseal(sealed)).toBe("pässword \u0000 🔑");
    expect(sealer.seal("pässword \u0000 🔑")).not.toBe(sealed);
    expect(sealer.unseal(sealer.seal(""))).toBe("");
  });

  it("refuses another key", () => {
    const other = createSealer(new Uint8Array(32).fill(8));
    expect(() => other.unseal(sealer.seal("secret"))).toThrow(/can't be opened with this installation's key/);
  });

  it("refuses every changed byte and every shortened text", () => {
    const bytes = Buffer.from(sealer.seal("abc"), "base64");
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => sealer.unseal(changed.toString("base64"))).toThrow(/can't be opened/);
      expect(() => sealer.unseal(bytes.subarray(0, index).toString("base64"))).toThrow(/can't be opened/);
    }
  });

  it("derives a different secret for each purpose", () => {
    expect(sealer.derive("sessions")).toMatch(/^[0-9a-f]{64}$/);
    expect(sealer.derive("sessions")).not.toBe(sealer.derive("links"));
  });
});

describe("masterKey", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "baton-key-"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("makes a key file once, for its owner alone", () => {
    const first = masterKey({ secretKey: undefined, home });
    expect(first).toHaveLength(32);
    expect(masterKey({ secretKey: undefined, home })).toEqual(first);
    expect(statSync(join(home, "secret.key")).mode & 0o777).toBe(0o600);
  });

  it("takes BATON_SECRET_KEY before the file", () => {
    const fromText = masterKey({ secretKey: "a text of some length", home });
    expect(Buffer.from(fromText).toString("hex")).toBe(sha256("a text of some length"));
  });

  it("refuses a damaged key file instead of replacing it", () => {
    writeFileSync(join(home, "secret.key"), "short\n");
    expect(() => masterKey({ secretKey: undefined, home })).toThrow(/not a key of 32 bytes/);
    expect(readFileSync(join(home, "secret.key"), "utf8")).toBe("short\n");
  });
});
