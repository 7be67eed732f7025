import type { Permission } from "../roles.ts";

/** Models, providers, secrets and tools. Which tools there are everyone may see: flows name them. */
export const settingsPolicy = {
  seeTools: "workspace.see",
  seeModels: "settings.manage",
  changeModels: "settings.manage",
  seeSecrets: "settings.manage",
  changeSecrets: "settings.manage",
  seeEgress: "settings.manage",
  changeEgress: "settings.manage",
} as const satisfies Record<string, Permission>;
