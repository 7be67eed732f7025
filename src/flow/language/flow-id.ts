import { z } from "zod";
import { dottedPattern, longestName } from "./names.ts";

/** Ids of flows, and what else is named like them. */
export const flowId = z
  .string({ error: "must be a name such as refund-desk" })
  .regex(dottedPattern, { error: 'must start with a letter and hold only letters, digits, "_", "-" and "."' })
  .max(longestName, { error: `must have at most ${longestName} characters` });
