import { TRPCError } from "@trpc/server";
import { z } from "zod";
import { BatonError, type ErrorCode } from "#base/index.ts";

/** What every error carries in `data.baton`. */
export type ErrorData = {
  code: ErrorCode;
  message: string;
  hint: string | null;
  /** Facts for the program: `Problem[]`, or `{ fields: { name: messages } }` of a form. */
  details: unknown;
};

const statuses: Readonly<Record<ErrorCode, { trpc: TRPCError["code"]; http: number }>> = {
  "bad-input": { trpc: "BAD_REQUEST", http: 400 },
  unauthenticated: { trpc: "UNAUTHORIZED", http: 401 },
  forbidden: { trpc: "FORBIDDEN", http: 403 },
  "not-found": { trpc: "NOT_FOUND", http: 404 },
  conflict: { trpc: "CONFLICT", http: 409 },
  "too-large": { trpc: "PAYLOAD_TOO_LARGE", http: 413 },
  "rate-limited": { trpc: "TOO_MANY_REQUESTS", http: 429 },
  timeout: { trpc: "TIMEOUT", http: 408 },
  cancelled: { trpc: "CLIENT_CLOSED_REQUEST", http: 499 },
  unavailable: { trpc: "SERVICE_UNAVAILABLE", http: 503 },
  "outcome-unknown": { trpc: "CONFLICT", http: 409 },
  "limit-reached": { trpc: "PRECONDITION_FAILED", http: 412 },
  misconfigured: { trpc: "PRECONDITION_FAILED", http: 412 },
  internal: { trpc: "INTERNAL_SERVER_ERROR", http: 500 },
};

/** The HTTP status of an error. */
export function statusOf(error: BatonError): number {
  return statuses[error.code].http;
}

/**
 * The error that is told for anything that was thrown. Of what is not a BatonError nothing is told but that it
 * happened: its text may hold what nobody outside should see. The log has it.
 */
export function toBatonError(error: unknown): BatonError {
  if (BatonError.isInstance(error)) return error;
  if (error instanceof TRPCError) {
    if (BatonError.isInstance(error.cause)) return error.cause;
    if (error.cause instanceof z.ZodError) return invalid(error.cause);
    const known = codes[error.code];
    if (known !== undefined) return new BatonError(known, error.message);
  }
  if (error instanceof z.ZodError) return invalid(error);
  return new BatonError("internal", "Something went wrong inside Baton.", {
    hint: "Try again. If it happens again, the server's log says more.",
  });
}

const codes: Readonly<Partial<Record<TRPCError["code"], ErrorCode>>> = {
  NOT_FOUND: "not-found",
  BAD_REQUEST: "bad-input",
  PARSE_ERROR: "bad-input",
  METHOD_NOT_SUPPORTED: "bad-input",
  UNSUPPORTED_MEDIA_TYPE: "bad-input",
  PAYLOAD_TOO_LARGE: "too-large",
};

export function toTrpcError(error: unknown): TRPCError {
  const baton = toBatonError(error);
  return new TRPCError({ code: statuses[baton.code].trpc, message: baton.message, cause: baton });
}

export function errorData(error: BatonError): ErrorData {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint ?? null,
    details: error.details ?? null,
  };
}

function invalid(error: z.ZodError): BatonError {
  const fields: Record<string, string[]> = {};
  for (const issue of error.issues) (fields[issue.path.join(".")] ??= []).push(issue.message);
  const first = error.issues[0];
  const place = first === undefined || first.path.length === 0 ? "The request" : `"${first.path.join(".")}"`;
  return new BatonError(
    "bad-input",
    `${place} is not as it should be: ${first?.message ?? "unknown reason"}`,
    {
      details: { fields },
    },
  );
}
