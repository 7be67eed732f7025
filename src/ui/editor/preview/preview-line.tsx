import Link from "next/link";
import type { Preview } from "#flow/machine/index.ts";
import { RelativeTime } from "../../parts/time.tsx";
import type { FieldPreviews } from "./use-preview.ts";

/** What an expression yielded, or why that can't be told. */
export function PreviewLine({ preview, label }: { preview: Preview; label: string }) {
  if (!preview.ok) {
    return (
      <p aria-label={`Preview of ${label}`} className="text-(--text-2) [font:var(--type-12)]">
        No preview: {preview.why}
      </p>
    );
  }
  const { value } = preview;
  const shown = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return (
    <div
      role="note"
      aria-label={`Preview of ${label}`}
      className="flex min-w-0 gap-1.5 rounded-(--radius-1) bg-(--surface-2) px-2 py-1 text-(--text-2) [font:var(--type-code)]"
    >
      <span aria-hidden className="text-(--text-3)">
        =
      </span>
      <pre className="max-h-32 min-w-0 flex-1 overflow-auto break-words whitespace-pre-wrap">
        {shown === "" ? "an empty text" : shown}
      </pre>
    </div>
  );
}

/** Which run the previews are of. */
export function PreviewSource({ preview: { run, begun, values } }: { preview: FieldPreviews }) {
  if (run === null || Object.keys(values).length === 0) return null;
  return (
    <p className="text-(--text-2) [font:var(--type-12)]">
      Previews are of{" "}
      <Link href={`/runs/${run.id}`} className="text-(--accent-text) hover:underline">
        {run.sandbox ? "sandbox run" : "run"} {run.number}
      </Link>
      , <RelativeTime at={run.createdAt} />,{" "}
      {begun ? "right before this task." : "at its end so far: this task did not begin in it."}
    </p>
  );
}
