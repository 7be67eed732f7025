import type { Permission } from "../roles.ts";

/** What may be done with comments on drafts. Changing one takes being its author besides. */
export const commentPolicy = {
  see: "workspace.see",
  write: "comment.write",
  /** Says where a pin went when its text was moved: for whoever may move the text. */
  follow: "flow.edit",
} as const satisfies Record<string, Permission>;
