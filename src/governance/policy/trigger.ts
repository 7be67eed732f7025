import type { Permission } from "../roles.ts";

/** What may be done with triggers, and the permission that it takes. */
export const triggerPolicy = {
  see: "workspace.see",
  /** Its address starts runs, and the console signs for it. */
  address: "flow.edit",
  test: "flow.edit",
  pause: "flow.edit",
} as const satisfies Record<string, Permission>;
