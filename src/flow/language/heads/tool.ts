import { map, name, readTemplates } from "../parts.ts";
import { defineHead } from "./head.ts";

export const tool = defineHead({
  key: "tool",
  summary: "Calls one tool directly. Its approval rule holds here too.",
  shape: () => ({
    tool: name.meta({ description: "Name of a tool of this flow or of the workspace." }),
    with: map.optional().meta({ description: "Arguments of the tool." }),
  }),
  normalise: (raw) => ({ kind: "tool", tool: raw.tool, with: readTemplates(raw.with) }),
});
