const marker = Symbol.for("baton.error");

/** What went wrong, in terms that every transport can map to its own (HTTP status, exit code). */
export type ErrorCode =
  | "bad-input"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "too-large"
  | "rate-limited"
  | "timeout"
  | "cancelled"
  | "unavailable"
  | "outcome-unknown"
  | "limit-reached"
  | "misconfigured"
  | "internal";

/**
 * An error that a person can act on: `message` names what happened and where, `hint` what to do about it.
 * Recognised by a marker instead of its prototype, because copies of this module may meet across bundles.
 */
export class BatonError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Milliseconds after which trying again makes sense; set where the other side told (Retry-After). */
  readonly retryAfterMs: number | undefined;
  /** Nothing was tried: what would have been called is known to be out, or it is not yet the call's turn. */
  readonly postponed: boolean;
  /** Facts for the reader's program, e.g. `Problem[]` of a flow text. JSON. */
  readonly details: unknown;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      hint?: string;
      cause?: unknown;
      retryAfterMs?: number;
      postponed?: boolean;
      details?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BatonError";
    this.code = code;
    this.hint = options.hint;
    this.retryAfterMs = options.retryAfterMs;
    this.postponed = options.postponed === true;
    this.details = options.details;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is BatonError {
    return typeof error === "object" && error !== null && marker in error;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
