import { APICallError, RetryError, LoadAPIKeyError } from "ai";
import { BatonError, isObject, messageOf } from "#base/index.ts";

/** Milliseconds that a Retry-After header asks for (seconds or an HTTP date), or undefined. */
export function retryAfter(
  headers: Readonly<Record<string, string>> | undefined,
  now: number,
): number | undefined {
  const exact = Number(headers?.["retry-after-ms"]);
  if (Number.isFinite(exact) && exact > 0) return exact;
  const text = headers?.["retry-after"];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The words of an error; within a stream, providers send objects, with a message at some depth. */
function said(error: unknown): string {
  if (!isObject(error) || error instanceof Error) return messageOf(error);
  const { message, error: inner } = error;
  if (typeof message === "string" && message !== "") return message;
  return inner === undefined || inner === error ? JSON.stringify(error) : said(inner);
}

/** What went wrong in a model call, in Baton's terms. */
export function modelError(error: unknown, model: string, now: number): BatonError {
  if (BatonError.isInstance(error)) return error;
  if (RetryError.isInstance(error)) return modelError(error.lastError, model, now);
  if (LoadAPIKeyError.isInstance(error)) {
    return new BatonError("misconfigured", `There is no key for the model ${model}.`, {
      hint: "An admin can enter one under Settings, Models, or set it in the environment.",
      cause: error,
    });
  }
  if (APICallError.isInstance(error)) {
    const status = error.statusCode;
    const told = error.message.slice(0, 300);
    const wait = retryAfter(error.responseHeaders, now);
    const retryAfterMs = wait === undefined ? {} : { retryAfterMs: wait };
    if (status === 429) {
      return new BatonError("rate-limited", `The provider limits calls to ${model}: ${told}`, {
        cause: error,
        ...retryAfterMs,
      });
    }
    if (status === 401 || status === 403) {
      return new BatonError(
        "misconfigured",
        `The provider refused the key for ${model} (${status}): ${told}`,
        {
          hint: "Check the key under Settings, Models.",
          cause: error,
        },
      );
    }
    if (status === 404) {
      return new BatonError("misconfigured", `The provider does not know the model ${model}: ${told}`, {
        hint: "Check the alias under Settings, Models.",
        cause: error,
      });
    }
    if (status === 408 || status === 504)
      return new BatonError("timeout", `The provider of ${model} did not answer in time.`, {
        cause: error,
        ...retryAfterMs,
      });
    if (status === undefined || status >= 500 || error.isRetryable) {
      return new BatonError(
        "unavailable",
        `The provider of ${model} could not be reached or failed${status === undefined ? "" : ` (${status})`}: ${told}`,
        {
          cause: error,
          ...retryAfterMs,
        },
      );
    }
    return new BatonError("bad-input", `The provider of ${model} refused the request (${status}): ${told}`, {
      cause: error,
    });
  }
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError")) {
    return new BatonError("timeout", `The model ${model} did not answer in time.`, { cause: error });
  }
  return new BatonError("unavailable", `The call to ${model} failed: ${said(error).slice(0, 300)}`, {
    cause: error,
  });
}
