"use client";
import { FileText } from "lucide-react";
import { createContext, useContext } from "react";
import { isBlobRef, isFileRef, isObject, type BlobRef } from "#base/index.ts";
import { beginningOf, type Text } from "#flow/machine/index.ts";
import { size } from "../model/format.ts";

/** A value in one line of code, as tool cards show it: `order "7" paid 40.00`. Long parts are cut with "…". */
export function InlineValue({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (typeof value === "string")
    return <span className="break-words text-(--syn-string)">{JSON.stringify(cut(value, 120))}</span>;
  if (typeof value === "number") return <span className="text-(--syn-number)">{value}</span>;
  if (value === null || typeof value === "boolean" || value === undefined)
    return <span className="text-(--syn-expr)">{String(value ?? null)}</span>;
  if (isFileRef(value)) return <SpecialValue value={value} />;
  // Within a line, and within buttons: no link.
  if (isBlobRef(value))
    return (
      <span className="break-words">
        {cut(beginningOf(value), 120)} <span className="text-(--text-3)">{size(value.$blob.bytes)}</span>
      </span>
    );
  if (Array.isArray(value)) {
    if (value.length === 0) return <span>[]</span>;
    if (depth > 0) return <span className="text-(--text-3)">{value.length} items</span>;
    return (
      <>
        {value.slice(0, 3).map((item, index) => (
          <span key={index}>
            {index > 0 ? ", " : ""}
            <InlineValue value={item} depth={depth + 1} />
          </span>
        ))}
        {value.length > 3 ? <span className="text-(--text-3)">, {value.length - 3} more</span> : null}
      </>
    );
  }
  if (!isObject(value)) return <span>{String(value)}</span>;
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className="text-(--text-3)">nothing</span>;
  return (
    <>
      {entries.slice(0, 8).map(([key, item], index) => (
        <span key={key}>
          {index > 0 ? " " : ""}
          <span className="text-(--syn-key)">{key}</span> <InlineValue value={item} depth={depth + 1} />
        </span>
      ))}
      {entries.length > 8 ? <span className="text-(--text-3)"> {entries.length - 8} more</span> : null}
    </>
  );
}

/** A value as labelled fields; nested ones indented. What is too large or too deep is shown as text. */
export function Fields({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (isFileRef(value) || isBlobRef(value)) return <SpecialValue value={value} />;
  if (isList(value)) {
    if (value.length === 0) return <span className="text-(--text-3)">none</span>;
    if (isTable(value)) return <Table rows={value} />;
    return (
      <ol className="flex flex-col gap-1">
        {value.slice(0, 50).map((item, index) => (
          <li key={index} className="flex gap-2">
            <span className="min-w-5 text-right tabular-nums text-(--text-3)">{index + 1}</span>
            <div className="min-w-0 flex-1">
              <Fields value={item} depth={depth + 1} />
            </div>
          </li>
        ))}
        {value.length > 50 ? <li className="text-(--text-3)">{value.length - 50} more</li> : null}
      </ol>
    );
  }
  if (isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return <span className="text-(--text-3)">nothing</span>;
    return (
      <dl
        className={`grid gap-x-4 gap-y-1 ${depth === 0 ? "grid-cols-[minmax(72px,max-content)_1fr]" : "grid-cols-[max-content_1fr]"}`}
      >
        {entries.map(([key, item]) => (
          <div key={key} className="contents">
            <dt className="max-w-40 truncate text-(--text-2)" title={key}>
              {words(key)}
            </dt>
            <dd className="min-w-0 break-words">
              <Fields value={item} depth={depth + 1} />
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  if (typeof value === "string") return <span className="whitespace-pre-wrap break-words">{value}</span>;
  if (typeof value === "boolean") return <span>{value ? "yes" : "no"}</span>;
  if (value === null || value === undefined) return <span className="text-(--text-3)">nothing</span>;
  return <span className="tabular-nums">{String(value)}</span>;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isTable(value: readonly unknown[]): value is readonly Record<string, unknown>[] {
  if (value.length < 2) return false;
  const first = value[0];
  if (!isObject(first)) return false;
  const keys = Object.keys(first);
  return (
    keys.length > 0 &&
    keys.length <= 6 &&
    value.every(
      (row) =>
        isObject(row) &&
        Object.values(row).every((cell) => cell === null || typeof cell !== "object") &&
        Object.keys(row).length === keys.length,
    )
  );
}

function Table({ rows }: { rows: readonly Record<string, unknown>[] }) {
  const keys = Object.keys(rows[0] ?? {});
  return (
    <div
      className="overflow-x-auto rounded-(--radius-2) border border-(--border)"
      tabIndex={0}
      role="group"
      aria-label="Table"
    >
      <table className="w-full [font:var(--type-12)]">
        <thead>
          <tr className="border-b border-(--border) bg-(--surface-2) text-left text-(--text-2)">
            {keys.map((key) => (
              <th key={key} className="px-2 py-1 font-medium">
                {words(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, 30).map((row, index) => (
            <tr key={index} className="border-b border-(--border) last:border-0">
              {keys.map((key) => (
                <td
                  key={key}
                  className="max-w-64 truncate px-2 py-1 tabular-nums"
                  title={String(row[key] ?? "")}
                >
                  {String(row[key] ?? "")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > 30 ? (
        <p className="border-t border-(--border) px-2 py-1 text-(--text-3)">{rows.length - 30} more rows</p>
      ) : null}
    </div>
  );
}

function SpecialValue({ value }: { value: unknown }) {
  if (isFileRef(value)) {
    const { name, bytes, mediaType } = value.$file;
    return (
      <span className="inline-flex items-center gap-1.5" title={mediaType}>
        <FileText aria-hidden size={14} className="text-(--text-3)" />
        {name} <span className="text-(--text-3)">{size(bytes)}</span>
      </span>
    );
  }
  return isBlobRef(value) ? <LargeValue value={value} /> : null;
}

/** The run whose values are shown: its large ones can be opened whole. Null where none is at hand. */
export const RunOfValues = createContext<string | null>(null);

/** A value that is too large to be shown: its size, its beginning, and the way to all of it. */
export function LargeValue({ value }: { value: BlobRef }) {
  const run = useContext(RunOfValues);
  const { bytes, hash } = value.$blob;
  return (
    <span className="block" title={`SHA-256 ${hash}`}>
      <span className="mb-1 flex flex-wrap items-baseline gap-x-3 text-(--text-2)">
        <span>{size(bytes)}, the first characters:</span>
        {run === null ? null : (
          <a
            href={`/api/runs/${encodeURIComponent(run)}/values/${hash}`}
            target="_blank"
            rel="noreferrer"
            className="inline-flex items-center text-(--accent-text) hover:underline pointer-coarse:min-h-11"
          >
            Open the whole value
          </a>
        )}
      </span>
      <code className="block max-h-40 overflow-auto rounded-(--radius-1) bg-(--surface-2) p-2 break-words whitespace-pre-wrap [font:var(--type-code)]">
        {beginningOf(value)}…
      </code>
    </span>
  );
}

/** A text as it was written; of a large one its beginning. */
export function Words({ text }: { text: Text }) {
  if (typeof text !== "string") return <LargeValue value={text} />;
  return <span className="whitespace-pre-wrap">{text}</span>;
}

/** The whole value as indented JSON. */
export function JsonText({ value }: { value: unknown }) {
  return (
    <pre
      tabIndex={0}
      className="max-h-96 overflow-auto rounded-(--radius-2) bg-(--surface-2) p-3 whitespace-pre-wrap break-words [font:var(--type-code)]"
    >
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}

const abbreviations = new Set(["id", "ip", "url", "uri", "cpu", "api", "ssh", "sql", "csv", "json"]);

/** `failedLogins` and `failed_logins` as people write it: `Failed logins`. */
export function words(key: string): string {
  const spaced = key
    .replace(/[_-]+/g, " ")
    .replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .trim();
  if (abbreviations.has(spaced.toLowerCase())) return spaced.toUpperCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
