import { z } from "zod";
import type { JsonObject } from "#base/index.ts";
import { heads, type HeadDefinition } from "./heads/index.ts";
import { flowId } from "./flow-id.ts";
import { idPattern, longestName } from "./names.ts";
import {
  anything,
  by,
  concurrency,
  condition,
  duration,
  fields,
  flag,
  labels,
  limits,
  map,
  memory,
  name,
  needs,
  onError,
  retry,
  strings,
  text,
  textTemplate,
  unknownAware,
} from "./parts.ts";
import { jsonSchemaDialect } from "./shape.ts";
import { triggerSchemas } from "./triggers/schema.ts";

/**
 * The one Zod schema of the language, in pieces: the reader checks a text piece by piece, so that what is broken in
 * one place leaves the rest standing; the JSON Schema puts the pieces together.
 */

const taskId = z
  .string({ error: "must be a name such as sort_mail" })
  .regex(idPattern, { error: 'must start with a letter and hold only letters, digits and "_"' })
  .max(longestName, { error: `must have at most ${longestName} characters` });

/** The keys that every task may have. */
function commonShape(tasks: z.ZodType<unknown[]>) {
  return {
    id: taskId,
    title: textTemplate.optional(),
    description: text.optional(),
    when: condition.optional().meta({ description: "CEL; the task is skipped unless it yields true." }),
    retry: retry.optional(),
    timeout: duration.optional(),
    onError: onError
      .optional()
      .meta({ description: "fail, continue, or escalate: a person is asked how the task goes on." }),
    errors: tasks.optional().meta({ description: "Tasks to run when this one has failed for good." }),
    finally: tasks.optional().meta({ description: "Tasks to run when this one is over, however it ended." }),
    disabled: flag.optional(),
    labels: labels.optional(),
    needs: needs.optional().meta({ description: "In a dag: ids of the tasks that come before this one." }),
    lock: textTemplate
      .optional()
      .meta({ description: "Name of a lock: one task at a time holds it, across runs. May hold {{ }}." }),
  };
}

/** A list of tasks whose members are looked at one by one. */
const unread: z.ZodType<unknown[]> = z.array(z.unknown(), { error: "must be a list of tasks" });

export const commonTask = z.object(commonShape(unread));
export type CommonTask = z.infer<typeof commonTask>;

const taskSchemas = new Map<string, z.ZodType>();

/** The schema of a task with this head; the tasks below it are left for later. */
export function taskSchema(head: HeadDefinition): z.ZodType {
  let schema = taskSchemas.get(head.key);
  if (!schema) {
    schema = z.strictObject({ ...commonShape(unread), ...head.shape(unread) });
    taskSchemas.set(head.key, schema);
  }
  return schema;
}

const keySets = new Map<string, readonly string[]>();

/** Keys that a task with this head may have. */
export function taskKeys(head: HeadDefinition): readonly string[] {
  let keys = keySets.get(head.key);
  if (!keys) {
    keys = [...Object.keys(head.shape(unread)), ...Object.keys(commonShape(unread))];
    keySets.set(head.key, keys);
  }
  return keys;
}
export const commonKeys: readonly string[] = Object.keys(commonShape(unread));

export const grant = z.union([z.string(), z.record(z.string(), condition)], {
  error: 'must be a tool\'s name, a pattern such as crm.*, or { http.get: "condition on args" }',
});

export const agent = z.strictObject(
  {
    title: text.optional(),
    role: text
      .optional()
      .meta({ description: "planner, researcher, executor, validator, user-facing, or another word." }),
    description: text.optional(),
    capabilities: strings.optional(),
    model: name.optional().meta({ description: 'An alias of the workspace; "default" when left out.' }),
    instructions: anything.optional(),
    tools: z
      .array(grant, { error: "must be a list of tools" })
      .optional()
      .meta({ description: "Tools that the agent may call. Nothing by default." }),
    memory: memory
      .optional()
      .meta({ description: "Keys of shared memory that it may use; the run's own when left out." }),
    limits: limits.optional(),
  },
  { error: unknownAware("must be a map such as { instructions: Greet people. }") },
);

const risk = z.enum(["low", "medium", "high"], { error: "must be low, medium or high" });
const toolApproval = z.union(
  [z.enum(["always", "never"]), z.strictObject({ when: condition.optional(), by: by.optional() })],
  { error: "must be always, never, or a map such as { when: args.amount > 100, by: { roles: [approver] } }" },
);
const toolCommon = {
  title: text.optional(),
  description: text,
  risk: risk
    .optional()
    .meta({ description: "high: a person approves each call, unless approval says otherwise." }),
  approval: toolApproval.optional(),
  idempotent: flag.optional().meta({ description: "Whether doing it twice is the same as doing it once." }),
  input: fields.optional(),
  returns: fields.optional(),
  timeout: duration.optional(),
};
/** Local tools by head key. */
export const toolSchemas = {
  http: z.strictObject({
    ...toolCommon,
    http: text.meta({ description: "Method and URL: GET https://example.com/{{ args.id }}" }),
    query: map.optional(),
    headers: map.optional(),
    body: anything.optional(),
    result: condition.optional().meta({ description: "CEL over response: { status, headers, text, json }." }),
  }),
  script: z.strictObject({ ...toolCommon, script: text, code: text }),
};
export type ToolHead = keyof typeof toolSchemas;

/** The flow's own keys, each checked by itself. */
export const flowShape = {
  id: flowId,
  title: text.optional(),
  description: text.optional(),
  labels: labels.optional(),
  goal: text.optional(),
  success: condition
    .optional()
    .meta({ description: "CEL, evaluated when a run ends: whether it reached its goal." }),
  inputs: fields.optional(),
  samples: z
    .record(z.string(), z.record(z.string(), anything, { error: "must be a map of inputs to values" }), {
      error: "must be a map of names to sample inputs",
    })
    .optional(),
  vars: map.optional(),
  agents: z.record(z.string(), z.unknown(), { error: "must be a map of names to agents" }).optional(),
  tools: z.record(z.string(), z.unknown(), { error: "must be a map of names to tools" }).optional(),
  limits: limits.optional(),
  memory: memory.optional().meta({
    description: "Keys of shared memory that the flow's tasks may use, beside those of its agents.",
  }),
  seed: map.optional().meta({ description: "What memory holds before a run begins, by key." }),
  concurrency: concurrency.optional(),
  tasks: unread,
  errors: unread.optional(),
  finally: unread.optional(),
  outputs: map.optional(),
  triggers: z.array(z.unknown(), { error: "must be a list of triggers" }).optional(),
};

let generated: JsonObject | undefined;

/** JSON Schema (2020-12) of a flow's text. */
export function flowJsonSchema(): JsonObject {
  if (generated) return generated;
  const list: z.ZodType<unknown[]> = z.lazy(() => z.array(task));
  const variants = [...heads.values()].map((head) =>
    z
      .strictObject({ ...commonShape(list), ...head.shape(list) })
      .meta({ id: `task-${head.key}`, description: head.summary }),
  );
  const task: z.ZodType = z.union(variants).meta({ id: "task" });
  const whole = z.strictObject({
    ...flowShape,
    agents: z.record(z.string(), agent).optional(),
    tools: z.record(z.string(), z.union([toolSchemas.http, toolSchemas.script])).optional(),
    tasks: list,
    errors: list.optional(),
    finally: list.optional(),
    triggers: z
      .array(z.union([triggerSchemas.schedule, triggerSchemas.webhook, triggerSchemas.flow]))
      .optional()
      .meta({ description: "What starts the flow by itself." }),
  });
  const schema = z.toJSONSchema(whole, { io: "input", target: "draft-2020-12", reused: "inline" });
  generated = { ...(schema as JsonObject), $schema: jsonSchemaDialect, title: "Baton flow" };
  return generated;
}
