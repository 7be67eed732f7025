import type { Permission } from "../roles.ts";

/** What may be done with flows, and the permission that it takes. */
export const flowPolicy = {
  see: "workspace.see",
  check: "workspace.see",
  edit: "flow.edit",
  publish: "flow.edit",
  duplicate: "flow.edit",
  archive: "flow.edit",
  /** Whoever may stop runs may keep new ones from starting. */
  pause: "run.control",
} as const satisfies Record<string, Permission>;
