import { z } from "zod";
import { isObject, type Json } from "#base/index.ts";
import type {
  By,
  Concurrency,
  EscalationStep,
  Expression,
  Limits,
  MemoryGrant,
  Retry,
  TaskBase,
  Template,
} from "./definition.ts";
import { labelPattern, longestName } from "./names.ts";
import { soleExpression } from "../expression/template.ts";
import { readDuration } from "../values/duration.ts";

/** The parts that several heads share: their Zod schemas and what they become. */

export const name = z.string({ error: "must be a name, written as text" });
export const text = z.string({ error: "must be text" });
/** Text that may hold `{{ }}`; numbers and booleans are taken as the text that they are written as. */
export const textTemplate = z.union([z.string(), z.number(), z.boolean()], { error: "must be text" });
export const anything = z.json();
export const flag = z.boolean({ error: "must be true or false" });
export const strings = z.array(z.string(), { error: "must be a list of texts" });
export const count = z.int({ error: "must be a whole number" }).min(1, { error: "must be at least 1" });
export const map = z.record(z.string(), anything, { error: "must be a map of names to values" });
/** Most labels of one thing, and the longest value of one in characters. */
export const labelLimits = { count: 50, length: 200 } as const;
const labelText = z
  .union([z.string(), z.number(), z.boolean()], { error: "must be text" })
  .refine((value) => String(value).length <= labelLimits.length && !/[\n\r]/.test(String(value)), {
    error: `must be one line of at most ${labelLimits.length} characters`,
  });
export const labels = z
  .record(z.string(), labelText, { error: "must be a map of names to texts, such as { team: support }" })
  .superRefine((given, context) => {
    const names = Object.keys(given);
    for (const label of names) {
      if (labelPattern.test(label) && label.length <= longestName) continue;
      const message = `must start with a letter and hold only letters, digits, "_", "-", "." and "/" (at most ${longestName})`;
      context.addIssue({ code: "custom", message, path: [label] });
    }
    if (names.length > labelLimits.count) {
      context.addIssue({ code: "custom", message: `must have at most ${labelLimits.count} labels` });
    }
  });

/** What is wrong with labels that did not come from a flow's text; undefined when nothing is. */
export function labelProblem(given: unknown): string | undefined {
  const checked = labels.safeParse(given);
  const [issue] = checked.success ? [] : checked.error.issues;
  if (!issue) return undefined;
  const name = issue.path.at(-1);
  return `${name === undefined ? "They" : `"${String(name)}"`} ${issue.message}.`;
}

/** Ids of tasks: one, or a list of them. */
export const needs = z.union([z.string(), z.array(z.string())], {
  error: "must be the id of a task, or a list of ids",
});

const durationHint = "must be a duration such as 90s, 5m, 2h, 3d or PT5M";
export const duration = z
  .string({ error: durationHint })
  .refine((value) => readDuration(value) !== undefined, { error: durationHint })
  .meta({ description: "A duration: 90s, 5m, 2h, 3d, or ISO 8601.", examples: ["5m"] });

/** Bare CEL, with or without `{{ }}`. */
export const condition = z.union([z.string(), z.boolean()], {
  error: "must be an expression such as inputs.amount > 20",
});

// Lists and flags stand in a JSON Schema of the whole (`required`, `additionalProperties`); as fields they are refused later.
const fieldOrKeyword = z.union([z.string(), z.record(z.string(), anything), z.array(anything), z.boolean()]);
export const fields = z.record(z.string(), fieldOrKeyword, {
  error: "must be a map of names to types, such as { amount: number }",
});

export const by = z.strictObject(
  {
    roles: strings.optional(),
    users: strings.optional(),
    quorum: count.optional(),
    excludeStarter: flag.optional(),
  },
  { error: unknownAware("must say who decides, such as { roles: [approver] }") },
);

const escalateHint = "must be a map such as { after: 1d, to: { roles: [admin] } }";

/** Who is asked further: `by` written out, or the name of one role. */
export const to = z.union([z.string(), by], {
  error: "must say who is asked, such as { roles: [admin] } or admin",
});

/** The chain of a question: whom it goes to further, and when. */
export const escalate = z
  .array(z.strictObject({ after: duration, to }, { error: unknownAware(escalateHint) }), {
    error: "must be a list such as [{ after: 1d, to: { roles: [admin] } }]",
  })
  .max(20, { error: "must have at most 20 steps" });

const choices = ["retry", "answer", "skip", "fail"] as const;

export const onError = z.union(
  [
    z.enum(["fail", "continue"]),
    z.strictObject({
      escalate: z.strictObject({
        to: to.optional(),
        choices: z.array(z.enum(choices)).min(1).optional(),
        timeout: duration.optional(),
        onTimeout: z.enum(["fail", "skip"]).optional(),
      }),
    }),
  ],
  {
    error:
      "must be fail, continue, or { escalate: { to: { roles: [operator] }, choices: [retry, answer, skip, fail] } }",
  },
);

export const retry = z.strictObject(
  {
    maxAttempts: count.max(100, { error: "must be at most 100" }).optional(),
    delay: duration.optional(),
    backoff: z
      .enum(["constant", "linear", "exponential"], { error: "must be constant, linear or exponential" })
      .optional(),
    maxDelay: duration.optional(),
    jitter: flag.optional(),
  },
  { error: unknownAware("must be a map such as { maxAttempts: 3, delay: 10s }") },
);

const amount = z.number({ error: "must be a number" }).positive({ error: "must be more than 0" });
/** Which keys of shared memory may be read and written. */
export const memory = z.strictObject(
  {
    read: strings
      .optional()
      .meta({ description: "Keys, such as flow:case.total, or their beginning: flow:case.*" }),
    write: strings.optional(),
  },
  { error: unknownAware('must be a map such as { read: ["flow:case.*"], write: ["flow:case.total"] }') },
);

export const limits = z.strictObject(
  {
    steps: count.optional(),
    tokens: count.optional(),
    cost: amount.optional(),
    time: duration.optional(),
    tasks: count.optional(),
  },
  { error: unknownAware("must be a map such as { steps: 12, cost: 0.50 }") },
);

export const concurrency = z.strictObject(
  {
    key: textTemplate
      .optional()
      .meta({ description: "Runs of one key count together; all runs of the flow when left out." }),
    limit: count.optional().meta({ description: "Runs at once; 1 when left out." }),
    onFull: z
      .enum(["queue", "cancel", "fail"], { error: "must be queue, cancel or fail" })
      .optional()
      .meta({ description: "What becomes of one too many; queue when left out." }),
  },
  { error: unknownAware('must be a map such as { key: "{{ inputs.order }}", limit: 1, onFull: queue }') },
);

/** The message for a value that is no map; unknown keys keep their own message. */
export function unknownAware(message: string): (issue: { code?: string }) => string | undefined {
  return (issue) => (issue.code === "unrecognized_keys" ? undefined : message);
}

export function readBy(raw: z.infer<typeof by> | undefined): By {
  return {
    roles: raw?.roles ?? [],
    users: raw?.users ?? [],
    quorum: raw?.quorum ?? 1,
    excludeStarter: raw?.excludeStarter ?? false,
  };
}

export function readTo(raw: z.infer<typeof to> | undefined): By {
  return typeof raw === "string" ? readBy({ roles: [raw] }) : readBy(raw);
}

/** The steps of a chain, soonest first. */
export function readEscalate(raw: z.infer<typeof escalate> | undefined): EscalationStep[] {
  return (raw ?? [])
    .map((step) => ({ after: milliseconds(step.after) ?? 0, to: readTo(step.to) }))
    .toSorted((a, b) => a.after - b.after);
}

export function readOnError(raw: z.infer<typeof onError> | undefined): TaskBase["onError"] {
  if (raw === undefined || typeof raw === "string") return raw ?? "fail";
  const { escalate } = raw;
  return {
    escalate: {
      by: readTo(escalate.to),
      choices: [...new Set(escalate.choices ?? choices)],
      timeout: milliseconds(escalate.timeout),
      onTimeout: escalate.onTimeout ?? "fail",
    },
  };
}

export function readRetry(raw: z.infer<typeof retry> | undefined): Retry | undefined {
  if (!raw) return undefined;
  return {
    maxAttempts: raw.maxAttempts ?? 3,
    delay: milliseconds(raw.delay) ?? 1_000,
    backoff: raw.backoff ?? "constant",
    maxDelay: milliseconds(raw.maxDelay) ?? 300_000,
    jitter: raw.jitter ?? false,
  };
}

export function readMemory(raw: z.infer<typeof memory> | undefined): MemoryGrant | undefined {
  return raw === undefined ? undefined : { read: raw.read ?? [], write: raw.write ?? [] };
}

export function readLimits(raw: z.infer<typeof limits> | undefined): Limits {
  if (!raw) return {};
  const { time, ...rest } = raw;
  const read = milliseconds(time);
  return read === undefined ? rest : { ...rest, time: read };
}

export function readConcurrency(raw: z.infer<typeof concurrency> | undefined): Concurrency | undefined {
  if (!raw) return undefined;
  const key = raw.key === undefined ? undefined : String(raw.key);
  return { key, limit: raw.limit ?? 1, onFull: raw.onFull ?? "queue" };
}

export function milliseconds(raw: string | undefined): number | undefined {
  return raw === undefined ? undefined : readDuration(raw);
}

/** A condition without its braces. */
export function readCondition(raw: string | boolean): Expression {
  if (typeof raw === "boolean") return String(raw);
  try {
    return soleExpression(raw) ?? raw.trim();
  } catch {
    return raw.trim();
  }
}

export function readLabels(raw: z.infer<typeof labels> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(raw ?? {}).map(([key, value]) => [key, String(value)]));
}

export function readTemplates(raw: unknown): Record<string, Template> {
  return isObject(raw) ? (raw as Record<string, Json>) : {};
}

export function asText(raw: string | number | boolean): string {
  return String(raw);
}

/** Keys of the maps that stand in several places, by the key that holds them. */
export const nestedKeys: Readonly<Record<string, readonly string[]>> = {
  by: Object.keys(by.shape),
  retry: Object.keys(retry.shape),
  limits: Object.keys(limits.shape),
  memory: Object.keys(memory.shape),
  decisions: ["approve", "reject"],
  onError: ["escalate"],
  escalate: ["to", "choices", "timeout", "onTimeout"],
  to: Object.keys(by.shape),
  approval: ["when", "by"],
  loop: ["until", "every", "max"],
  concurrency: Object.keys(concurrency.shape),
};
