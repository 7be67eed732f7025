import type { Permission } from "../roles.ts";

/** What people may do with shared memory. Agents are ruled by their grants. */
export const memoryPolicy = {
  see: "workspace.see",
  edit: "flow.edit",
} as const satisfies Record<string, Permission>;
