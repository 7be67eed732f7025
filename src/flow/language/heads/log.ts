import { z } from "zod";
import { anything } from "../parts.ts";
import { defineHead } from "./head.ts";

export const log = defineHead({
  key: "log",
  summary: "Writes a line into the run's trace.",
  shape: () => ({
    log: anything.meta({ description: "The message. May hold {{ }}." }),
    level: z
      .enum(["debug", "info", "warn", "error"], { error: "must be debug, info, warn or error" })
      .optional(),
  }),
  normalise: (raw) => ({ kind: "log", message: raw.log, level: raw.level ?? "info" }),
});
