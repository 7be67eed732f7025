import { createHmac, timingSafeEqual } from "node:crypto";

/** Signs what is sent at `at` (epoch milliseconds): the value of the header Baton-Signature. */
export function sign(secret: string, body: Uint8Array | string, at: number): string {
  const seconds = Math.floor(at / 1000);
  return `t=${seconds},v1=${hmacOf(secret, `${seconds}.`, body)}`;
}

/** What a check of a signature found. `id` tells this signed call from any other. */
export type SignatureCheck =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly reason: string };

export const signatureHeader = "baton-signature";
export const hubSignatureHeader = "x-hub-signature-256";

/**
 * Checks the signature of a call: `Baton-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA256 of the time, a dot and the
 * body; `X-Hub-Signature-256: sha256=HEX`, as GitHub sends it, is that of the body alone and has no time.
 */
export function checkSignature(
  secrets: readonly string[],
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  now: number,
  window: number,
): SignatureCheck {
  const own = headers[signatureHeader];
  if (own !== undefined) return checkOwn(secrets, own, body, now, window);
  const hub = /^sha256=([0-9a-f]{64})$/i.exec(headers[hubSignatureHeader]?.trim() ?? "")?.[1];
  if (hub === undefined) return { ok: false, reason: "The call is not signed." };
  return secrets.some((secret) => same(hmacOf(secret, "", body), hub))
    ? { ok: true, id: hub.toLowerCase() }
    : { ok: false, reason: "The signature is not that of the body." };
}

function checkOwn(
  secrets: readonly string[],
  header: string,
  body: Uint8Array,
  now: number,
  window: number,
): SignatureCheck {
  const parts = header.split(",").map((part) => part.trim().split("=", 2));
  const seconds = parts.find(([name]) => name === "t")?.[1] ?? "";
  const given = parts.flatMap(([name, value]) => (name === "v1" && value !== undefined ? [value] : []));
  if (!/^\d{1,12}$/.test(seconds) || given.length === 0 || given.length > 5) {
    return { ok: false, reason: "Baton-Signature is not of the form t=SECONDS,v1=HEX." };
  }
  const found = secrets
    .map((secret) => hmacOf(secret, `${seconds}.`, body))
    .find((expected) => given.some((one) => same(expected, one)));
  if (found === undefined)
    return { ok: false, reason: "The signature is not that of the time and the body." };
  // Only now: who can't sign learns nothing of the window.
  if (Math.abs(now - Number(seconds) * 1000) > window) {
    return { ok: false, reason: "The signed time lies outside of the replay window." };
  }
  return { ok: true, id: found };
}

function hmacOf(secret: string, head: string, body: Uint8Array | string): string {
  return createHmac("sha256", secret).update(head).update(body).digest("hex");
}

function same(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given.toLowerCase())];
  return a.length === b.length && timingSafeEqual(a, b);
}
