import { type RequestInit as UndiciRequestInit, fetch as undiciFetch } from "undici";
import { BatonError, messageOf } from "#base/index.ts";
import { type Resolver, guardedAgent } from "./connect.ts";
import { type EgressPolicy, destinationOf, egressChecker } from "./policy.ts";

/** Caps of one request, redirects included. */
export type OutboundLimits = {
  /** Greatest size of a response's body in bytes, after decompression. Default 5,000,000. */
  readonly maxBytes?: number;
  /** Milliseconds until the body's last byte. Default 30,000. */
  readonly timeoutMs?: number;
  /** Redirects that are followed. Default 5. */
  readonly maxRedirects?: number;
  /** For tests: stands for DNS. */
  readonly resolve?: Resolver;
};

/** A `fetch` that keeps to a policy. */
export type OutboundFetch = typeof fetch;

/** Headers that may follow a redirect to another origin; whatever else was given could be a credential. */
const portableHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-language",
  "content-type",
  "idempotency-key",
  "user-agent",
]);

/**
 * The only way out: a `fetch` that reaches what the policy allows and nothing else. Every hop is checked and
 * connects to the very address that was checked. Bodies stream and are capped. Throws BatonError "forbidden",
 * "too-large", "timeout", "unavailable" or "bad-input"; an abort of the caller's signal throws its reason, as `fetch` does.
 */
export function createOutboundFetch(policy: EgressPolicy, limits: OutboundLimits = {}): OutboundFetch {
  const checker = egressChecker(policy);
  const agent = guardedAgent(checker, limits.resolve);
  const maxBytes = limits.maxBytes ?? 5_000_000;
  const timeoutMs = limits.timeoutMs ?? 30_000;
  const maxRedirects = limits.maxRedirects ?? 5;

  const outbound = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const first = await readRequest(input, init);
    const origin = first.url.host;
    const clock = new AbortController();
    const timer = setTimeout(
      () =>
        clock.abort(
          new BatonError("timeout", `${origin} did not answer in full within ${seconds(timeoutMs)}.`, {
            hint: "Try again later, or raise the time limit.",
          }),
        ),
      timeoutMs,
    );
    // A response whose body nobody reads must not keep a process from ending.
    timer.unref();
    const signal = first.signal === null ? clock.signal : AbortSignal.any([first.signal, clock.signal]);
    const settle = (): void => clearTimeout(timer);

    try {
      let hop = first;
      for (let redirects = 0; ; redirects += 1) {
        signal.throwIfAborted();
        checker.checkDestination(destinationOf(hop.url));
        const response = await undiciFetch(hop.url.href, {
          method: hop.method,
          headers: [...hop.headers],
          body: hop.body as UndiciRequestInit["body"],
          redirect: "manual",
          signal,
          dispatcher: agent,
          ...(hop.body instanceof ReadableStream ? { duplex: "half" as const } : {}),
        });
        const location = response.headers.get("location");
        if (
          ![301, 302, 303, 307, 308].includes(response.status) ||
          location === null ||
          first.redirect === "manual"
        ) {
          return cappedResponse(response as unknown as Response, hop.url, maxBytes, signal, settle);
        }
        await response.body?.cancel();
        if (first.redirect === "error" || redirects >= maxRedirects) {
          throw new BatonError(
            "bad-input",
            first.redirect === "error"
              ? `${hop.url.host} answered with a redirect, which was not asked for.`
              : `${origin} redirects more than ${maxRedirects} times.`,
            { hint: "Ask for the final address." },
          );
        }
        hop = redirected(hop, response.status, location);
      }
    } catch (error) {
      settle();
      throw explained(error, origin, signal);
    }
  };
  return outbound;
}

type Hop = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestInit["body"];
  readonly redirect: RequestRedirect;
  readonly signal: AbortSignal | null;
};

async function readRequest(input: string | URL | Request, init: RequestInit): Promise<Hop> {
  const request = input instanceof Request ? input : null;
  const text = request === null ? String(input) : request.url;
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new BatonError("bad-input", `"${text.slice(0, 200)}" is not a full URL.`, {
      hint: "Write it with scheme and host, such as https://example.com/path.",
      cause,
    });
  }
  const method = (init.method ?? request?.method ?? "GET").toUpperCase();
  const headers = new Headers(init.headers ?? request?.headers);
  const given =
    init.body ??
    (request?.body === null || request === null ? undefined : new Uint8Array(await request.arrayBuffer()));
  // The media type that fetch derives from a body has to survive a redirect too.
  if (given instanceof URLSearchParams && !headers.has("content-type")) {
    headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
  }
  return {
    url,
    method,
    headers,
    body: given instanceof URLSearchParams ? given.toString() : given,
    redirect: init.redirect ?? request?.redirect ?? "follow",
    signal: init.signal ?? request?.signal ?? null,
  };
}

function redirected(hop: Hop, status: number, location: string): Hop {
  let url: URL;
  try {
    url = new URL(location, hop.url);
  } catch (cause) {
    throw new BatonError("bad-input", `${hop.url.host} redirects to an address that cannot be read.`, {
      cause,
    });
  }
  const headers = new Headers(hop.headers);
  const sameOrigin = url.origin === hop.url.origin;
  if (!sameOrigin) {
    for (const name of [...headers.keys()]) if (!portableHeaders.has(name)) headers.delete(name);
  }
  const becomesGet =
    (status === 303 && hop.method !== "HEAD") ||
    ((status === 301 || status === 302) && hop.method === "POST");
  if (becomesGet) {
    for (const name of ["content-type", "content-length", "content-encoding", "content-language"])
      headers.delete(name);
    return { ...hop, url, headers, method: "GET", body: undefined };
  }
  if (hop.body instanceof ReadableStream) {
    throw new BatonError(
      "bad-input",
      `${hop.url.host} redirects a request whose body cannot be sent twice.`,
      {
        hint: "Ask for the final address.",
      },
    );
  }
  return { ...hop, url, headers };
}

/** The response with its body counted; the timer runs until the body ended, failed or was given up. */
function cappedResponse(
  response: Response,
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
  settle: () => void,
): Response {
  const tooLarge = (size: string): BatonError =>
    new BatonError("too-large", `${url.host} answered with ${size}; the limit is ${megabytes(maxBytes)}.`, {
      hint: "Ask for less, for example one page or fewer fields.",
    });
  const announced = Number(response.headers.get("content-length") ?? "0");
  if (announced > maxBytes && response.body !== null && !response.headers.has("content-encoding")) {
    settle();
    void response.body.cancel();
    throw tooLarge(megabytes(announced));
  }
  let body: ReadableStream<Uint8Array> | null = null;
  if (response.body === null) settle();
  else {
    const reader = response.body.getReader();
    let count = 0;
    body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            settle();
            controller.close();
            return;
          }
          count += value.byteLength;
          if (count > maxBytes) throw tooLarge(`more than ${megabytes(maxBytes)}`);
          controller.enqueue(value);
        } catch (error) {
          settle();
          void reader.cancel().catch(() => undefined);
          controller.error(explained(error, url.host, signal));
        }
      },
      async cancel(reason) {
        settle();
        await reader.cancel(reason);
      },
    });
  }
  const headers = new Headers(response.headers);
  // The body was decompressed on the way: what these say no longer holds.
  if (headers.has("content-encoding")) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  const capped = new Response(body, { status: response.status, statusText: response.statusText, headers });
  Object.defineProperty(capped, "url", { value: url.href });
  return capped;
}

/** What a failed exchange means, in words for people. The first BatonError in the chain of causes wins. */
function explained(error: unknown, host: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  for (let cause: unknown = error, depth = 0; cause !== undefined && depth < 6; depth += 1) {
    if (BatonError.isInstance(cause)) return cause;
    if (cause instanceof AggregateError) {
      const refusal = cause.errors.find((inner) => BatonError.isInstance(inner));
      if (refusal !== undefined) return refusal;
    }
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const sentence = failures[code];
    if (sentence !== undefined) {
      return new BatonError("unavailable", `${host} ${sentence}.`, {
        hint: "Check the address, and that the service is up.",
        cause: error,
      });
    }
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const root = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new BatonError("unavailable", `The request to ${host} failed: ${messageOf(root)}.`, {
    hint: "Check the address, and that the service is up.",
    cause: error,
  });
}

const failures: Readonly<Record<string, string>> = {
  ENOTFOUND: "is not a known name",
  EAI_AGAIN: "could not be looked up; the name service does not answer",
  ECONNREFUSED: "refuses connections",
  ECONNRESET: "closed the connection before it had answered",
  UND_ERR_SOCKET: "closed the connection before it had answered",
  EPIPE: "closed the connection before it had answered",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  ETIMEDOUT: "did not accept a connection in time",
  UND_ERR_CONNECT_TIMEOUT: "did not accept a connection in time",
  UND_ERR_HEADERS_TIMEOUT: "did not answer in time",
  UND_ERR_BODY_TIMEOUT: "stopped answering in the middle",
  UND_ERR_HEADERS_OVERFLOW: "answered with headers that are too large",
  CERT_HAS_EXPIRED: "shows a certificate that has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "shows a certificate that nobody vouches for",
  SELF_SIGNED_CERT_IN_CHAIN: "shows a certificate that nobody vouches for",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "shows a certificate that nobody vouches for",
  ERR_TLS_CERT_ALTNAME_INVALID: "shows a certificate of another name",
};

function megabytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Number((bytes / 1_000).toFixed(1))} kB`;
  return `${Number((bytes / 1_000_000).toFixed(1))} MB`;
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${Number((milliseconds / 1_000).toFixed(1))} s`;
}
