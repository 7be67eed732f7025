import type { Shape } from "../language/definition.ts";
import type { ToolCatalog } from "../machine/index.ts";

/** What is known beyond the text. What is left out is not checked. */
export type Knowledge = {
  /** Tools of the workspace's registry. */
  readonly tools?: Pick<ToolCatalog, "get" | "names">;
  /** Model aliases of the workspace. */
  readonly models?: readonly string[];
  /** Those of them whose model has no known price. */
  readonly unpriced?: readonly string[];
  /** Members of the workspace with their roles; `id` and `email` both name them in `by.users`. */
  readonly members?: readonly {
    readonly id: string;
    readonly email: string;
    readonly roles: readonly string[];
  }[];
  /** Flows of the workspace by id, each with the flows whose runs it follows by its triggers. */
  readonly follows?: ReadonlyMap<string, readonly string[]>;
  /** Flows of the workspace by id, with the inputs of their latest revision. */
  readonly flows?: { get(id: string): Shape | undefined; ids(): readonly string[] };
  /** Names of roles that exist. */
  readonly roles?: readonly string[];
};
