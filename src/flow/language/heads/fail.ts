import { textTemplate } from "../parts.ts";
import { defineHead } from "./head.ts";

export const fail = defineHead({
  key: "fail",
  summary: "Fails with a message.",
  shape: () => ({ fail: textTemplate }),
  normalise: (raw) => ({ kind: "fail", message: String(raw.fail) }),
});
