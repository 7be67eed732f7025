import type { Flow, ParsedFlow, Task } from "#flow/index.ts";
import { blocksOf } from "#flow/index.ts";
import type { Place } from "./protocol.ts";

/** Where each task stands, by the id of its node in the graph; broken ones included. */
export function placesOf(parsed: ParsedFlow, flow: Flow): Place[] {
  const places: Place[] = [];
  const lists = new Map<string, number>();
  const nodes = new Map<string, string>();
  const listOf = (path: readonly (string | number)[]): string => JSON.stringify(path.slice(0, -1));
  for (const path of [...parsed.paths.values(), ...parsed.broken.map((one) => one.path)]) {
    lists.set(listOf(path), (lists.get(listOf(path)) ?? 0) + 1);
  }
  const add = (id: string, path: readonly (string | number)[]): void => {
    const { start, end } = parsed.source.rangeOf(path);
    places.push({ id, path, from: start, to: end, siblings: lists.get(listOf(path)) ?? 1 });
    nodes.set(JSON.stringify(path), id);
  };
  const visit = (list: readonly Task[], prefix: string): void => {
    for (const task of list) {
      const path = parsed.paths.get(task);
      if (path === undefined) continue;
      add(prefix + task.id, path);
      for (const block of blocksOf(task)) {
        const isHandler = block.name === "errors" || block.name === "finally";
        visit(block.tasks, `${prefix}${task.id}/${isHandler ? `!${block.name}/` : ""}`);
      }
    }
  };
  visit(flow.tasks, "");
  visit(flow.errors, "!errors/");
  visit(flow.finally, "!finally/");
  for (const one of parsed.broken) {
    const owner = ownerOf(one.path, nodes);
    if (owner === null && one.path.length > 2) continue;
    const top = one.path[0] === "tasks" ? "" : `!${String(one.path[0])}/`;
    const handler = owner === null ? top : handlerOf(one.path);
    add(
      `${owner === null ? "" : `${owner}/`}${handler}${one.id ?? `[${String(one.path.at(-1))}]`}`,
      one.path,
    );
  }
  return places;
}

/** The node of the nearest task around a path. */
function ownerOf(path: readonly (string | number)[], nodes: ReadonlyMap<string, string>): string | null {
  for (let length = path.length - 1; length > 0; length -= 1) {
    const found = nodes.get(JSON.stringify(path.slice(0, length)));
    if (found !== undefined) return found;
  }
  return null;
}

function handlerOf(path: readonly (string | number)[]): string {
  const block = path.at(-2);
  return block === "errors" || block === "finally" ? `!${block}/` : "";
}

/** The innermost task that holds an offset. */
export function placeAt(places: readonly Place[], offset: number): Place | null {
  let found: Place | null = null;
  for (const place of places) {
    if (offset < place.from || offset > place.to) continue;
    if (found === null || place.to - place.from < found.to - found.from) found = place;
  }
  return found;
}

/** Offsets of a problem in the text that it was found in. */
export function offsetsOf(
  text: string,
  problem: {
    readonly line: number;
    readonly column: number;
    readonly endLine: number;
    readonly endColumn: number;
  },
): { from: number; to: number } {
  const at = (line: number, column: number): number => {
    let start = 0;
    for (let n = 1; n < line; n += 1) {
      const next = text.indexOf("\n", start);
      if (next < 0) return text.length;
      start = next + 1;
    }
    const end = text.indexOf("\n", start);
    return Math.min(start + column - 1, end < 0 ? text.length : end);
  };
  const from = at(problem.line, problem.column);
  return { from, to: Math.max(from, at(problem.endLine, problem.endColumn)) };
}
