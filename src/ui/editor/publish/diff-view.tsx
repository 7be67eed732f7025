"use client";
import { useMemo, useState } from "react";
import { compareTexts, countOf, type DiffRow } from "../diff.ts";

/** Lines around a change that are shown with it. */
const around = 3;

type Shown =
  | { readonly rows: readonly DiffRow[] }
  | { readonly hidden: readonly DiffRow[]; readonly at: number };

/** Two texts side by side, with only a few of the lines that are the same. Below each other on a phone. */
export function DiffView({
  before,
  after,
  names,
}: {
  before: string;
  after: string;
  /** What stands left and right, in words. */
  names: readonly [string, string];
}) {
  const rows = useMemo(() => compareTexts(before, after), [before, after]);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const counted = countOf(rows);
  const parts = useMemo(() => partsOf(rows, opened), [rows, opened]);
  if (before === after) return <p className="text-(--text-2)">The texts are the same.</p>;
  return (
    <div className="flex min-h-0 flex-col gap-1">
      <p className="text-(--text-2)">
        {counted.added} {counted.added === 1 ? "line" : "lines"} new, {counted.removed} gone
      </p>
      <div
        role="region"
        aria-label={`${names[0]} and ${names[1]}`}
        tabIndex={0}
        className="max-h-[46vh] overflow-auto rounded-(--radius-2) border border-(--border) [font:var(--type-code)]"
      >
        <table className="w-full border-collapse md:table-fixed">
          <thead className="max-md:sr-only">
            <tr className="border-b border-(--border) text-left text-(--text-3) [font:var(--type-12)]">
              <th className="w-10" aria-label="Line" />
              <th className="px-2 py-1 font-normal">{names[0]}</th>
              <th className="w-10" aria-label="Line" />
              <th className="px-2 py-1 font-normal">{names[1]}</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part, index) =>
              "hidden" in part ? (
                <tr key={index} className="max-md:block">
                  <td colSpan={4} className="p-0 max-md:block">
                    <button
                      type="button"
                      onClick={() => setOpened(new Set([...opened, part.at]))}
                      className="w-full bg-(--surface-2) px-3 py-0.5 text-left text-(--text-2) [font:var(--type-12)] hover:bg-(--surface-3) pointer-coarse:min-h-11"
                    >
                      {part.hidden.length} lines unchanged
                    </button>
                  </td>
                </tr>
              ) : (
                part.rows.map((row, line) => <Row key={`${index} ${line}`} row={row} />)
              ),
            )}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ row }: { row: DiffRow }) {
  const isGone = row.kind === "removed" || row.kind === "changed";
  const isNew = row.kind === "added" || row.kind === "changed";
  return (
    <tr className="align-top max-md:block">
      <Cell side={row.left} sign={isGone ? "−" : ""} tone={isGone ? "bg-(--fail-soft)" : ""} said="Gone" />
      <Cell
        side={row.right}
        sign={isNew ? "+" : ""}
        tone={isNew ? "bg-(--ok-soft)" : ""}
        said="New"
        isTwin={row.kind === "same"}
      />
    </tr>
  );
}

function Cell({
  side,
  sign,
  tone,
  said,
  isTwin = false,
}: {
  side: DiffRow["left"];
  sign: string;
  tone: string;
  said: string;
  /** On a phone, what is the same stands once. */
  isTwin?: boolean;
}) {
  const hidden = side === null || isTwin ? "max-md:hidden" : "max-md:inline-block";
  return (
    <>
      <td
        className={`w-10 pr-2 text-right text-(--text-3) tabular-nums select-none ${side === null ? "bg-(--surface-2)" : tone} ${hidden}`}
      >
        {side?.number ?? ""}
      </td>
      <td
        className={`px-2 break-words whitespace-pre-wrap ${side === null ? "bg-(--surface-2)" : tone} ${hidden} ${side === null || isTwin ? "" : "max-md:w-[calc(100%-3rem)]"}`}
      >
        <span aria-hidden className="inline-block w-[2ch] text-(--text-2) select-none">
          {sign}
        </span>
        {sign === "" ? null : <span className="sr-only">{said}: </span>}
        {side?.text ?? ""}
      </td>
    </>
  );
}

function partsOf(rows: readonly DiffRow[], opened: ReadonlySet<number>): Shown[] {
  const parts: Shown[] = [];
  let at = 0;
  while (at < rows.length) {
    const isSame = rows[at]?.kind === "same";
    let end = at;
    while (end < rows.length && (rows[end]?.kind === "same") === isSame) end += 1;
    const run = rows.slice(at, end);
    const head = at === 0 ? 0 : around;
    const tail = end === rows.length ? 0 : around;
    if (!isSame || run.length <= head + tail + 3 || opened.has(at)) parts.push({ rows: run });
    else {
      parts.push({ rows: run.slice(0, head) });
      parts.push({ hidden: run.slice(head, run.length - tail), at });
      parts.push({ rows: run.slice(run.length - tail) });
    }
    at = end;
  }
  return parts;
}
