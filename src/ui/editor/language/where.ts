import { isMap, isPair, isScalar, parseDocument, visit } from "yaml";
import type { Place, ValuePlace } from "./protocol.ts";

/** The value that holds an offset: whose it is and what it says. Null where there is none, such as in a key or a comment. */
export function valueAround(text: string, offset: number, places: readonly Place[]): ValuePlace | null {
  const document = parseDocument(text, { schema: "core", logLevel: "silent", prettyErrors: false });
  let found: ValuePlace | null = null;
  visit(document, {
    Scalar(key, node, ancestors) {
      const [from, to] = node.range ?? [0, -1];
      if (key === "key" || offset < from || offset > to) return;
      const path: (string | number)[] = [];
      ancestors.forEach((one, index) => {
        const below = ancestors[index + 1] ?? node;
        if (isPair(one)) path.push(isScalar(one.key) ? String(one.key.value) : "");
        else if (!isMap(one) && "items" in one) path.push((one.items as unknown[]).indexOf(below));
      });
      const owner = places
        .filter((place) => place.path.every((step, at) => String(step) === String(path[at])))
        .toSorted((a, b) => b.path.length - a.path.length)[0];
      found = {
        node: owner?.id ?? null,
        label: path.slice(owner?.path.length ?? 0).join("."),
        from,
        to,
        source: text.slice(from, to),
      };
    },
  });
  return found;
}
