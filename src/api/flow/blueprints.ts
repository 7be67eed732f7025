import { authorize, flowPolicy } from "#governance/index.ts";
import { blueprints as readBlueprints } from "#library/index.ts";
import { verb } from "../trpc.ts";
import type { BlueprintRow } from "../views.ts";

export const blueprints = verb("workspace.see").query(({ ctx: { scope } }): Promise<BlueprintRow[]> => {
  authorize(scope, flowPolicy.see);
  return readBlueprints();
});
