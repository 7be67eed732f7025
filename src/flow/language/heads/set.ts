import { map, readTemplates } from "../parts.ts";
import { defineHead } from "./head.ts";

export const set = defineHead({
  key: "set",
  summary: "Sets variables of the run, read as vars.name from then on.",
  shape: () => ({ set: map }),
  normalise: (raw) => ({ kind: "set", values: readTemplates(raw.set) }),
});
