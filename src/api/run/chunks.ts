import { isObject, type Json } from "#base/index.ts";
import type { Redactor } from "#governance/index.ts";

type Item = { readonly n: number; readonly chunk: Json };
type Scan = ReturnType<Redactor["stream"]>;

/** Members in which a stream carries text in pieces. */
const pieces = ["delta", "inputTextDelta"] as const;

/**
 * Redacts a UI message stream: text that comes in pieces is redacted as one, per part. Each piece waits for the item
 * after it: if that ends the part, what the search for values still held back is added to the piece.
 */
export async function* redactChunks(source: AsyncIterable<Item>, redactor: Redactor): AsyncGenerator<Item> {
  const scans = new Map<string, Scan>();
  let held: { n: number; chunk: Record<string, Json>; part: string; member: string } | null = null;
  for await (const { n, chunk } of source) {
    const facts = (isObject(chunk) ? chunk : {}) as Record<string, Json>;
    const part = String(facts["id"] ?? facts["toolCallId"] ?? "");
    const member = pieces.find((name) => typeof facts[name] === "string");
    const scan = scans.get(part) ?? redactor.stream();
    if (held !== null) {
      const rest = member === undefined && held.part === part ? scan.end() : "";
      yield {
        n: held.n,
        chunk: { ...held.chunk, [held.member]: `${String(held.chunk[held.member])}${rest}` },
      };
      held = null;
    }
    if (member === undefined) {
      scans.delete(part);
      yield { n, chunk: redactor.json(chunk) };
    } else {
      scans.set(part, scan);
      held = { n, part, member, chunk: { ...facts, [member]: scan.push(String(facts[member])) } };
    }
  }
  if (held !== null) {
    const rest = scans.get(held.part)?.end() ?? "";
    yield { n: held.n, chunk: { ...held.chunk, [held.member]: `${String(held.chunk[held.member])}${rest}` } };
  }
}
