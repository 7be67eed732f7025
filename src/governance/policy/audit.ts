import type { Permission } from "../roles.ts";

/** Who reads the audit. Nobody writes it but the system, nobody changes it. */
export const auditPolicy = { read: "audit.read" } as const satisfies Record<string, Permission>;
