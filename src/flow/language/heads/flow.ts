import { count, flag, map, readTemplates } from "../parts.ts";
import { flowId } from "../flow-id.ts";
import { defineHead } from "./head.ts";

export const flow = defineHead({
  key: "flow",
  summary: "Starts a run of another flow and waits for its outputs.",
  shape: () => ({
    flow: flowId.meta({ description: "Id of a flow of the workspace." }),
    revision: count.optional().meta({ description: "Number of the revision; the latest when left out." }),
    with: map.optional().meta({ description: "Inputs of the run." }),
    detach: flag
      .optional()
      .meta({ description: "true: does not wait for the end; the output tells which run was started." }),
  }),
  normalise: (raw) => ({
    kind: "flow",
    flow: raw.flow,
    revision: raw.revision,
    with: readTemplates(raw.with),
    detach: raw.detach ?? false,
  }),
});
