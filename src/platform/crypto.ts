import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BatonError, isObject } from "#base/index.ts";
import { settings } from "./settings.ts";

/** SHA-256 of UTF-8 text or bytes, in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A secret of 32 random bytes for links and cookies, in URL-safe base64 (43 characters). */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

export type Sealer = {
  /** Encrypts with AES-256-GCM. Answers nonce, tag and ciphertext in base64. */
  seal(text: string): string;
  /** Throws "misconfigured" when it was sealed with another key, or changed. */
  unseal(sealed: string): string;
  /** A secret for another purpose, made from the same key: hex of 32 bytes. */
  derive(purpose: string): string;
};

/** A sealer under a key of 32 bytes. */
export function createSealer(master: Uint8Array): Sealer {
  const key = derived(master, "seal");
  return {
    seal(text) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
    },
    unseal(sealed) {
      const bytes = Buffer.from(sealed, "base64");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 });
        decipher.setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw new BatonError(
          "misconfigured",
          "A stored secret can't be opened with this installation's key.",
          {
            hint: "Start Baton with the BATON_SECRET_KEY (or the key file in BATON_HOME) that it was stored under, or set the secret again.",
            cause,
          },
        );
      }
    },
    derive: (purpose) => derived(master, purpose).toString("hex"),
  };
}

function derived(master: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", master, "baton", purpose, 32));
}

/**
 * The installation's key: from BATON_SECRET_KEY, else from the file `secret.key` in the home, which is made the first
 * time and is readable by its owner alone.
 */
export function masterKey(from: {
  readonly secretKey: string | undefined;
  readonly home: string;
}): Uint8Array {
  if (from.secretKey !== undefined) return createHash("sha256").update(from.secretKey).digest();
  const file = join(from.home, "secret.key");
  const key = readKey(file) ?? makeKey(from.home, file);
  if (key.length !== 32) {
    throw new BatonError("misconfigured", `${file} is not a key of 32 bytes in base64.`, {
      hint: "Restore it from a backup. Without it, the secrets stored in this installation can't be read.",
    });
  }
  return key;
}

function readKey(file: string): Buffer | null {
  try {
    return Buffer.from(readFileSync(file, "utf8").trim(), "base64");
  } catch (error) {
    if (isObject(error) && error["code"] === "ENOENT") return null;
    throw error;
  }
}

/** Written aside and linked into place, so that two processes that start together agree on one key. */
function makeKey(home: string, file: string): Buffer {
  mkdirSync(home, { recursive: true });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  try {
    linkSync(mine, file);
  } catch (error) {
    if (!isObject(error) || error["code"] !== "EEXIST") throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  return Buffer.from(readFileSync(file, "utf8").trim(), "base64");
}

let sealer: Sealer | null = null;

/** The sealer of this process, under the installation's key. */
export function installationSealer(): Sealer {
  sealer ??= createSealer(masterKey(settings()));
  return sealer;
}

/** {@link Sealer.seal} under the installation's key. */
export function seal(text: string): string {
  return installationSealer().seal(text);
}

/**
 * SHA-256 of a text, keyed by the installation and the purpose, in hex: tells whether two texts are the same, and nothing of
 * them to those who don't have the key, however few texts there could be.
 */
export function keyedHash(purpose: string, text: string): string {
  return createHmac("sha256", installationSealer().derive(purpose)).update(text).digest("hex");
}

/** {@link Sealer.unseal} under the installation's key. */
export function unseal(sealed: string): string {
  return installationSealer().unseal(sealed);
}

/** Random bytes from the operating system, in the shape that `base` asks for. */
export function randomSource(count: number): Uint8Array {
  return randomBytes(count);
}
