import type { Permission } from "../roles.ts";

/** Files are given to runs: whoever may start one may upload. */
export const filePolicy = { upload: "run.start" } as const satisfies Record<string, Permission>;
