import { isObject, type Json } from "#base/index.ts";
import type { Redactor } from "#governance/index.ts";

type Item = { readonly n: number; readonly chunk: Json };

/** Members in which a stream carries text in pieces. */
const pieces = ["delta", "inputTextDelta"] as const;

/**
 * Redacts a UI message stream: text that comes in pieces is redacted as one, per part, and what is held back comes
 * before the part's end, in a piece of its own under the same position.
 */
export async function* redactChunks(source: AsyncIterable<Item>, redactor: Redactor): AsyncGenerator<Item> {
  const open = new Map<string, { scan: ReturnType<Redactor["stream"]>; last: Item; member: string }>();
  for await (const item of source) {
    const { n, chunk } = item;
    if (!isObject(chunk)) {
      yield { n, chunk: redactor.json(chunk) };
      continue;
    }
    const part = String(chunk["id"] ?? chunk["toolCallId"] ?? "");
    const member = pieces.find((name) => typeof chunk[name] === "string");
    if (member !== undefined) {
      const scan = open.get(part)?.scan ?? redactor.stream();
      open.set(part, { scan, last: item, member });
      yield { n, chunk: { ...(chunk as Record<string, Json>), [member]: scan.push(String(chunk[member])) } };
      continue;
    }
    const held = open.get(part);
    if (held !== undefined) {
      open.delete(part);
      const rest = held.scan.end();
      if (rest !== "") {
        yield {
          n: held.last.n,
          chunk: { ...(held.last.chunk as Record<string, Json>), [held.member]: rest },
        };
      }
    }
    yield { n, chunk: redactor.json(chunk as Json) };
  }
}
