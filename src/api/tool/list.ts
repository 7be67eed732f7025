import { authorize, settingsPolicy } from "#governance/index.ts";
import { verb } from "../trpc.ts";
import type { ToolRow } from "../views.ts";

/** The registry's tools, by name. */
export const list = verb("workspace.see").query(({ ctx: { deps, scope } }): ToolRow[] => {
  authorize(scope, settingsPolicy.seeTools);
  return deps.tools.map(({ name, title, description, risk, effect, inputSchema, outputSchema }) => ({
    name,
    title,
    description,
    risk,
    ...(effect === undefined ? {} : { effect }),
    inputSchema,
    outputSchema,
  }));
});
