import { isObject, type Json } from "#base/index.ts";
import { RelativeTime } from "../parts/time.tsx";

/** Why a task failed and what was tried: what a person reads before they say how it goes on. */
export function FailureDetails({ details, withAttempts }: { details: Json; withAttempts: boolean }) {
  const { error, attempts } = read(details);
  return (
    <div className="flex flex-col gap-2">
      {error === null ? null : (
        <div className="rounded-(--radius-2) border border-(--border) bg-(--fail-soft) px-3 py-2">
          <p className="[overflow-wrap:anywhere]">{error.message}</p>
          {error.hint === "" ? null : <p className="text-(--text-2)">{error.hint}</p>}
          {error.task === "" ? null : (
            <p className="text-(--text-2)">
              It happened in <span className="[font:var(--type-code)]">{error.task}</span>.
            </p>
          )}
        </div>
      )}
      {!withAttempts || attempts.length < 2 ? null : (
        <ol aria-label="Attempts" className="grid grid-cols-[max-content_1fr_max-content] gap-x-3 gap-y-1">
          {attempts.map((one) => (
            <li key={one.attempt} className="col-span-3 grid grid-cols-subgrid">
              <span className="text-(--text-2)">Attempt {one.attempt}</span>
              <span className="min-w-0 truncate" title={one.error}>
                {one.error}
              </span>
              <span className="text-(--text-2)">
                <RelativeTime at={one.at} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function read(details: Json): {
  error: { message: string; hint: string; task: string } | null;
  attempts: { attempt: number; error: string; at: number }[];
} {
  if (!isObject(details)) return { error: null, attempts: [] };
  const { error, attempts } = details;
  return {
    error: isObject(error)
      ? { message: text(error["message"]), hint: text(error["hint"]), task: text(error["task"]) }
      : null,
    attempts: (Array.isArray(attempts) ? attempts : []).flatMap((one) =>
      isObject(one) && typeof one["attempt"] === "number"
        ? [{ attempt: one["attempt"], error: text(one["error"]), at: Date.parse(text(one["at"])) }]
        : [],
    ),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
