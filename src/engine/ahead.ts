import { scriptTool, type Obligation, type ToolCatalog } from "#flow/machine/index.ts";

type Begun =
  | Pick<Extract<Obligation, { kind: "tool-call" }>, "kind" | "tool">
  | { readonly kind: Exclude<Obligation["kind"], "tool-call"> };

/**
 * Whether something may be done before the journal holds that it began: where nobody outside learns of it and nothing is
 * left of it, so that a worker that dies in between has only worked for nothing. A model's answer costs again then, as it
 * would where the worker died a moment later.
 */
export function mayRunAhead(begun: Begun, catalog: ToolCatalog): boolean {
  if (begun.kind === "model-call") return true;
  if (begun.kind !== "tool-call") return false;
  const facts = catalog.get(begun.tool);
  return facts === undefined ? begun.tool === scriptTool : facts.inside === true;
}
