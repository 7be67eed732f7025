import type { Permission } from "../roles.ts";

/** What may be done with runs, and the permission that it takes. */
export const runPolicy = {
  see: "workspace.see",
  watch: "workspace.see",
  start: "run.start",
  cancel: "run.control",
  pause: "run.control",
  resume: "run.control",
  retry: "run.control",
  fork: "run.control",
  sendEvent: "run.start",
} as const satisfies Record<string, Permission>;
