/** Something wrong with a flow's text, at its place. Lines and columns count from 1; the end is exclusive. */
export type Problem = {
  /** Number of the rule in SPEC.md, e.g. "V3". */
  readonly rule: string;
  readonly severity: "error" | "warning";
  /** What is wrong and what to do. One sentence or two. */
  readonly message: string;
  /** Keys and indexes from the document's root, e.g. ["tasks", 0, "prompt"]. */
  readonly path: readonly (string | number)[];
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** A replacement of the marked range that would solve it. */
  readonly fix?: { readonly title: string; readonly text: string };
};
