import type { TextChange } from "#flow/index.ts";

/** A line of a comparison: left what was, right what is. */
export type DiffRow = {
  readonly kind: "same" | "changed" | "removed" | "added";
  readonly left: { readonly number: number; readonly text: string } | null;
  readonly right: { readonly number: number; readonly text: string } | null;
};

type Run = { readonly kind: "same" | "removed" | "added"; readonly lines: number };

/** Beyond so many differences the middle of the texts is taken as one: nobody reads that line by line. */
const mostSteps = 3000;

/** Which lines of two texts are the same, removed or added, in as few as there can be. After Myers, 1986. */
function runsOf(before: readonly string[], after: readonly string[]): Run[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end += 1;
  }
  const middle = between(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return joined([{ kind: "same", lines: start }, ...middle, { kind: "same", lines: end }]);
}

function between(a: readonly string[], b: readonly string[]): Run[] {
  const most = Math.min(a.length + b.length, mostSteps);
  const reached = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let steps = 0; steps <= most; steps += 1) {
    trail.push(new Map(reached));
    for (let k = -steps; k <= steps; k += 2) {
      const down = k === -steps || (k !== steps && (reached.get(k - 1) ?? -1) < (reached.get(k + 1) ?? -1));
      let x = down ? (reached.get(k + 1) ?? 0) : (reached.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reached.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkedBack(trail, a.length, b.length);
    }
  }
  return [
    { kind: "removed", lines: a.length },
    { kind: "added", lines: b.length },
  ];
}

function walkedBack(trail: readonly Map<number, number>[], rows: number, columns: number): Run[] {
  const runs: Run[] = [];
  let x = rows;
  let y = columns;
  for (let steps = trail.length - 1; steps >= 0; steps -= 1) {
    const reached = trail[steps];
    const k = x - y;
    const down = k === -steps || (k !== steps && (reached?.get(k - 1) ?? -1) < (reached?.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const fromX = steps === 0 ? 0 : (reached?.get(from) ?? 0);
    const fromY = steps === 0 ? 0 : fromX - from;
    const edge = steps === 0 ? 0 : down ? fromX : fromX + 1;
    runs.unshift({ kind: "same", lines: x - edge });
    if (steps > 0) runs.unshift({ kind: down ? "added" : "removed", lines: 1 });
    x = fromX;
    y = fromY;
  }
  return runs;
}

function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    if (run.lines === 0) continue;
    if (last?.kind === run.kind)
      result[result.length - 1] = { kind: run.kind, lines: last.lines + run.lines };
    else result.push(run);
  }
  return result;
}

/** Two texts side by side. Removed lines stand beside the ones that took their place. */
export function compareTexts(before: string, after: string): DiffRow[] {
  const left = before.split("\n");
  const right = after.split("\n");
  const rows: DiffRow[] = [];
  let l = 0;
  let r = 0;
  const leftAt = (index: number) => ({ number: index + 1, text: left[index] ?? "" });
  const rightAt = (index: number) => ({ number: index + 1, text: right[index] ?? "" });
  let removed = 0;
  let added = 0;
  const flush = (): void => {
    for (let n = 0; n < Math.max(removed, added); n += 1) {
      const kind = n < removed && n < added ? "changed" : n < removed ? "removed" : "added";
      rows.push({
        kind,
        left: n < removed ? leftAt(l + n) : null,
        right: n < added ? rightAt(r + n) : null,
      });
    }
    l += removed;
    r += added;
    removed = 0;
    added = 0;
  };
  for (const run of runsOf(left, right)) {
    if (run.kind === "removed") removed += run.lines;
    else if (run.kind === "added") added += run.lines;
    else {
      flush();
      for (let n = 0; n < run.lines; n += 1)
        rows.push({ kind: "same", left: leftAt(l + n), right: rightAt(r + n) });
      l += run.lines;
      r += run.lines;
    }
  }
  flush();
  return rows;
}

/** How many lines two texts differ in. */
export function countOf(rows: readonly DiffRow[]): { readonly added: number; readonly removed: number } {
  return {
    added: rows.filter((row) => row.kind === "added" || row.kind === "changed").length,
    removed: rows.filter((row) => row.kind === "removed" || row.kind === "changed").length,
  };
}

/** What makes one text the other, by lines that differ: what is the same is not touched. */
export function changesBetween(before: string, after: string): TextChange[] {
  if (before === after) return [];
  const left = before.split("\n");
  const right = after.split("\n");
  const starts = [0];
  for (const line of left) starts.push((starts.at(-1) ?? 0) + line.length + 1);
  const changes: TextChange[] = [];
  let l = 0;
  let r = 0;
  let removed = 0;
  let added = 0;
  const flush = (): void => {
    if (removed === 0 && added === 0) return;
    const isLast = l + removed >= left.length;
    const lines = right.slice(r, r + added);
    // The last line has no newline behind it: it takes the one before.
    const from = isLast && l > 0 ? (starts[l] ?? 0) - 1 : (starts[l] ?? 0);
    const to = isLast ? before.length : (starts[l + removed] ?? before.length);
    const text = lines.join("\n");
    const insert = isLast ? `${l > 0 && added > 0 ? "\n" : ""}${text}` : added > 0 ? `${text}\n` : "";
    changes.push({ from: Math.min(from, before.length), to: Math.min(to, before.length), insert });
    l += removed;
    r += added;
    removed = 0;
    added = 0;
  };
  for (const run of runsOf(left, right)) {
    if (run.kind === "removed") removed += run.lines;
    else if (run.kind === "added") added += run.lines;
    else {
      flush();
      l += run.lines;
      r += run.lines;
    }
  }
  flush();
  return changes;
}

/** The change without what it leaves as it is at its ends. */
export function trimmed(text: string, { from, to, insert }: TextChange): TextChange {
  let start = 0;
  while (start < insert.length && from + start < to && text[from + start] === insert[start]) start += 1;
  let end = 0;
  while (
    end < insert.length - start &&
    to - end > from + start &&
    text[to - 1 - end] === insert[insert.length - 1 - end]
  ) {
    end += 1;
  }
  return { from: from + start, to: to - end, insert: insert.slice(start, insert.length - end) };
}
