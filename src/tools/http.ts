import { BatonError, type Json } from "#base/index.ts";
import type { OutboundFetch } from "#platform/index.ts";

/** One exchange over HTTP as tools describe it: everything filled in, secrets included. */
export type HttpExchange = {
  readonly method: string;
  readonly url: string;
  readonly query: Readonly<Record<string, Json>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Text is sent as it stands, other JSON as JSON; null and undefined send nothing. */
  readonly body: Json | undefined;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The text as JSON, or null when it is none. */
  readonly json: Json;
};

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Carries an exchange out. `key` goes along as Idempotency-Key when the method changes something. */
export async function exchange(
  fetchOut: OutboundFetch,
  request: HttpExchange,
  options: { readonly key: string; readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  const method = request.method.toUpperCase();
  if (!methods.has(method)) {
    throw new BatonError(
      "bad-input",
      `"${request.method.slice(0, 20)}" is not a method of HTTP that can be used.`,
      {
        hint: `One of ${[...methods].join(", ")}.`,
      },
    );
  }
  const url = withQuery(request.url, request.query);
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    try {
      headers.set(name, value);
    } catch {
      // The value may be a secret: it is not repeated.
      throw new BatonError(
        "bad-input",
        `The header "${name.slice(0, 60)}" has a name or value that HTTP forbids.`,
      );
    }
  }
  if (!headers.has("user-agent")) headers.set("user-agent", "Baton");
  const changes = !["GET", "HEAD", "OPTIONS"].includes(method);
  if (changes && !headers.has("idempotency-key")) headers.set("idempotency-key", options.key);

  let body: string | undefined;
  if (request.body !== undefined && request.body !== null) {
    if (method === "GET" || method === "HEAD") {
      throw new BatonError("bad-input", `A ${method} request can not have a body.`, {
        hint: "Use query, or another method.",
      });
    }
    body = typeof request.body === "string" ? request.body : JSON.stringify(request.body);
    if (!headers.has("content-type")) {
      headers.set(
        "content-type",
        typeof request.body === "string" ? "text/plain; charset=utf-8" : "application/json",
      );
    }
  }

  const response = await fetchOut(url, { method, headers, body, signal: options.signal });
  const type = response.headers.get("content-type") ?? "";
  const text = await readText(response, type, url);
  return {
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie")),
    text,
    json: asJson(text, type),
  };
}

/** Refuses an answer that says that the request failed, with the code that tells whether trying again makes sense. */
export function refuseFailure(answer: HttpAnswer, url: string, now: number): void {
  if (answer.status < 400) return;
  const code =
    answer.status === 429
      ? "rate-limited"
      : answer.status === 404 || answer.status === 410
        ? "not-found"
        : answer.status === 401 || answer.status === 403
          ? "forbidden"
          : answer.status === 409
            ? "conflict"
            : answer.status === 408 || answer.status >= 500
              ? "unavailable"
              : "bad-input";
  const said = answer.text.replace(/\s+/g, " ").trim().slice(0, 300);
  const retryAfterMs = retryAfter(answer.headers["retry-after"], now);
  throw new BatonError(
    code,
    `${hostOf(url)} answered with status ${answer.status}${said === "" ? "." : `: ${said}`}`,
    {
      hint:
        code === "forbidden" ? "Check the credentials that are sent." : "Check the address and what is sent.",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      details: { status: answer.status },
    },
  );
}

function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const instant = Date.parse(header);
  return Number.isNaN(instant) ? undefined : Math.max(0, instant - now);
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "The server";
}

function withQuery(address: string, query: Readonly<Record<string, Json>>): string {
  const url = URL.parse(address);
  if (url === null) {
    throw new BatonError("bad-input", "The address is not a full URL.", {
      hint: "Write it with scheme and host, such as https://example.com/path.",
    });
  }
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === null) continue;
      url.searchParams.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return url.href;
}

async function readText(response: Response, type: string, url: string): Promise<string> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const charset = /charset="?([\w-]+)/i.exec(type)?.[1] ?? "utf-8";
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    decoder = new TextDecoder();
  }
  const textual = type === "" || /^text\/|json|xml|javascript|x-www-form-urlencoded|yaml|csv/i.test(type);
  if (!textual || bytes.includes(0)) {
    if (bytes.length === 0) return "";
    throw new BatonError(
      "bad-input",
      `${hostOf(url)} answered with ${type === "" ? "binary data" : type}, which is not text.`,
      {
        hint: "Only text, JSON and the like can be used here.",
      },
    );
  }
  return decoder.decode(bytes);
}

function asJson(text: string, type: string): Json {
  if (!/json/i.test(type) && !/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
