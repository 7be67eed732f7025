import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** What the web server answers for: addresses that browsers may use to reach it. */
export type Origins = {
  /** Origins, e.g. `http://localhost:3030`. */
  readonly all: readonly string[];
  hasHost(host: string | undefined): boolean;
  hasOrigin(origin: string): boolean;
};

const loopback = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The origins of a server. Other names are refused, so that a page elsewhere can't reach a server on the loopback
 * address under a name of its own (DNS rebinding). A server that listens on all addresses answers on each of them.
 */
export function originsOf(listening: {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}): Origins {
  const { host, port, url } = listening;
  const names = new Set(loopback);
  if (host === "0.0.0.0" || host === "::") {
    names.add(hostname().toLowerCase());
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address, family } of addresses ?? [])
        names.add(family === "IPv6" ? `[${address}]` : address);
    }
  } else {
    names.add(isIP(host) === 6 ? `[${host}]` : host.toLowerCase());
  }
  const all = [
    ...new Set([new URL(url).origin, ...[...names].map((name) => new URL(`http://${name}:${port}`).origin)]),
  ];
  const origins = new Set(all);
  const hosts = new Set(all.map((origin) => new URL(origin).host));
  return {
    all,
    hasHost: (given) => given !== undefined && hosts.has(given.toLowerCase()),
    hasOrigin: (origin) => origins.has(origin),
  };
}

/**
 * Why a request that may change something is refused: it comes from a page of another origin. Null when it may pass.
 * Programs other than browsers send neither header, and have no cookie that another page could borrow.
 */
export function foreignOrigin(
  request: Pick<IncomingMessage, "method" | "headers">,
  origins: Origins,
): string | null {
  const { method = "GET", headers } = request;
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return null;
  const { origin } = headers;
  if (origin !== undefined) {
    return origins.hasOrigin(origin)
      ? null
      : `Requests from ${origin === "null" ? "a page without an origin" : origin} are refused.`;
  }
  const site = headers["sec-fetch-site"];
  return site === undefined || site === "same-origin" || site === "none"
    ? null
    : "Requests from another site are refused.";
}

export function newNonce(): string {
  return randomBytes(18).toString("base64");
}

/**
 * What a page may load and run: our own scripts by this answer's nonce, and what they load; nothing from elsewhere.
 * Styles may be inline, because editor and graph set them as they go. `dev`: what hot reload needs.
 */
export function contentSecurityPolicy(nonce: string, dev: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${dev ? " 'unsafe-eval'" : ""}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self'${dev ? " ws: wss:" : ""}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Headers of every answer. */
export function securityHeaders(https: boolean): Readonly<Record<string, string>> {
  return {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ...(https ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
