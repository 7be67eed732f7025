import { stringify } from "yaml";
import { isObject, type Json } from "#base/index.ts";
import { canonicalJson } from "../values/canonical.ts";
import { printDuration } from "../values/duration.ts";
import type {
  Agent,
  By,
  Expression,
  Field,
  Flow,
  LocalTool,
  MemoryGrant,
  Shape,
  Task,
} from "./definition.ts";
import { readCondition } from "./parts.ts";
import { shapeOf } from "./shape.ts";
import type { Trigger } from "./triggers/definition.ts";

type Written = Record<string, unknown>;

/**
 * A flow as canonical YAML: keys in one order, nothing that says what holds anyway. Reading it gives the same flow.
 * Comments and the order of a person's text are not kept: a draft is edited as text, not printed.
 */
export function printFlow(flow: Flow): string {
  const written = tidy({
    id: flow.id,
    title: flow.title,
    description: flow.description,
    labels: filled(flow.labels),
    goal: flow.goal,
    success: condition(flow.success),
    inputs: shape(flow.inputs, true),
    samples: filled(flow.samples),
    vars: filled(flow.vars),
    agents: filled(mapped(flow.agents, agent)),
    tools: filled(mapped(flow.tools, tool)),
    limits: limits(flow.limits),
    memory: memory(flow.memory),
    seed: filled(flow.seed),
    concurrency: flow.concurrency && tidy({ ...flow.concurrency }),
    tasks: tasks(flow.tasks),
    errors: listed(tasks(flow.errors)),
    finally: listed(tasks(flow.finally)),
    outputs: filled(flow.outputs),
    triggers: listed(flow.triggers.map(trigger)),
  });
  return stringify(written, { lineWidth: 0, version: "1.2", schema: "core", aliasDuplicateObjects: false });
}

function tidy(written: Written): Written {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

function filled(map: Readonly<Record<string, unknown>>): unknown {
  return Object.keys(map).length > 0 ? map : undefined;
}

function listed(list: readonly unknown[]): unknown {
  return list.length > 0 ? list : undefined;
}

function mapped<T>(map: Readonly<Record<string, T>>, print: (one: T) => Written): Record<string, Written> {
  return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, print(one)]));
}

/** The value, where it is not the one that holds anyway. */
function unless<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
}

function duration(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : printDuration(milliseconds);
}

/** Bare, or within braces where the bare text would be read otherwise. */
function condition(expression: Expression | undefined): string | undefined {
  if (expression === undefined || readCondition(expression) === expression) return expression;
  return `{{ ${expression} }}`;
}

function limits({ time, ...rest }: Flow["limits"]): unknown {
  return filled(tidy({ ...rest, time: duration(time) }));
}

function memory(given: MemoryGrant | undefined): unknown {
  return given && tidy({ read: listed(given.read), write: listed(given.write) });
}

function by(given: By): unknown {
  return filled(
    tidy({
      roles: listed(given.roles),
      users: listed(given.users),
      quorum: unless(given.quorum, 1),
      excludeStarter: unless(given.excludeStarter, false),
    }),
  );
}

/** Fields by name; as one JSON Schema where it says more than they do. */
function shape(given: Shape, mayBeLeftOut = false): unknown {
  if (mayBeLeftOut && same(given, shapeOf(undefined))) return undefined;
  const fields = Object.fromEntries(given.fields.map((one) => [one.name, field(one)]));
  return same(given, shapeOf(fields)) ? fields : typeFirst(given.schema);
}

function same(a: unknown, b: unknown): boolean {
  return text(a) === text(b);
}

function text(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)) as Json);
}

function field(given: Field): unknown {
  const { type, ...schema } = given.schema;
  const isFile = given.widget === "file";
  const written = tidy({
    type: isFile ? "file" : (type ?? undefined),
    ...(isFile
      ? { title: given.title, description: given.description }
      : (typeFirst(schema as Json) as Written)),
    default: given.default,
    optional: given.optional && given.default === undefined ? true : undefined,
    multiline: given.widget === "multiline" ? true : undefined,
    accept: given.accept,
    maxSize: given.maxBytes,
  });
  const keys = Object.keys(written);
  if (keys.length === 0) return "any";
  const isPlain = keys.length === 1 && typeof written["type"] === "string";
  // A field named "type" that is an object would read as a schema of the whole.
  return isPlain && !["type", "$schema"].includes(given.name) ? written["type"] : written;
}

/** A JSON Schema with `type` before what else it says, at every level. */
function typeFirst(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => typeFirst(item));
  if (!isObject(value)) return value;
  const entries = Object.entries(value as Record<string, Json>).map(([name, item]) => [
    name,
    typeFirst(item),
  ]);
  const ordered = Object.fromEntries(entries) as Record<string, Json>;
  const { type } = ordered;
  return typeof type === "string" ? { type, ...ordered } : ordered;
}

function agent(given: Agent): Written {
  return tidy({
    title: given.title,
    role: given.role,
    description: given.description,
    capabilities: listed(given.capabilities),
    model: unless(given.model, "default"),
    instructions: unless(given.instructions, ""),
    tools: listed(
      given.tools.map((grant) =>
        grant.when === undefined ? grant.tool : { name: grant.tool, when: condition(grant.when) },
      ),
    ),
    memory: memory(given.memory),
    limits: limits(given.limits),
  });
}

function tool(given: LocalTool): Written {
  const { body, approval } = given;
  return tidy({
    title: given.title,
    description: given.description,
    ...(body.kind === "http"
      ? {
          http: `${body.method} ${String(body.url)}`,
          query: filled(body.query),
          headers: filled(body.headers),
          body: body.body,
          result: condition(body.result),
        }
      : { script: body.language, code: body.code }),
    risk: unless(given.risk, "low"),
    idempotent: given.idempotent,
    approval: approval && tidy({ when: condition(approval.when), by: by(approval.by) }),
    input: shape(given.input, true),
    returns: given.output && shape(given.output),
    timeout: duration(given.timeout),
  });
}

function trigger(given: Trigger): Written {
  const common = {
    title: given.title,
    description: given.description,
    disabled: unless(given.disabled, false),
    with: filled(given.with),
  };
  switch (given.kind) {
    case "schedule":
      return tidy({
        id: given.id,
        schedule: given.cron,
        timezone: unless(given.timezone, "UTC"),
        catchUp: unless(given.catchUp, "none"),
        jitter: given.jitter === 0 ? undefined : duration(given.jitter),
        ...common,
      });
    case "webhook":
      return tidy({
        id: given.id,
        webhook: tidy({
          signature: unless(given.signature, "hmac"),
          secret: given.secret,
          replayWindow: duration(given.replayWindow),
          idempotencyKey: condition(given.idempotencyKey),
          rateLimit: { limit: given.rateLimit.limit, per: duration(given.rateLimit.per) },
        }),
        when: condition(given.when),
        ...common,
      });
    case "flow":
      return tidy({
        id: given.id,
        flow: given.flow,
        states: [...given.states],
        when: condition(given.when),
        ...common,
      });
  }
}

function tasks(list: readonly Task[]): Written[] {
  return list.map((task) =>
    tidy({
      id: task.id,
      title: task.title,
      description: task.description,
      ...head(task),
      needs: listed(task.needs),
      when: condition(task.when),
      disabled: unless(task.disabled, false),
      retry: task.retry && {
        ...task.retry,
        delay: duration(task.retry.delay),
        maxDelay: duration(task.retry.maxDelay),
      },
      timeout: duration(task.timeout),
      lock: task.lock,
      onError: onError(task.onError),
      errors: listed(tasks(task.errors)),
      finally: listed(tasks(task.finally)),
      labels: filled(task.labels),
    }),
  );
}

function onError(given: Task["onError"]): unknown {
  if (typeof given === "string") return unless<string>(given, "fail");
  const { by: to, choices, timeout, onTimeout } = given.escalate;
  return { escalate: tidy({ to: by(to), choices: [...choices], timeout: duration(timeout), onTimeout }) };
}

function head(task: Task): Written {
  switch (task.kind) {
    case "agent":
      return {
        agent: task.agent,
        prompt: task.prompt,
        files: listed(task.files),
        context: task.context,
        returns: task.returns && shape(task.returns),
        limits: limits(task.limits),
      };
    case "tool":
      return { tool: task.tool, with: filled(task.with) };
    case "script":
      return {
        script: task.language,
        code: task.code,
        with: filled(task.with),
        files: listed(task.files),
        returns: task.returns && shape(task.returns),
      };
    case "sequence":
      return { sequence: tasks(task.tasks) };
    case "parallel":
    case "dag":
      return {
        [task.kind]: tasks(task.tasks),
        concurrency: task.concurrency,
        join: unless(task.join, "all"),
      };
    case "foreach":
      return {
        foreach: task.items,
        tasks: tasks(task.tasks),
        concurrency: unless(task.concurrency, 1),
        batch: task.batch,
        failFast: unless(task.failFast, true),
        breakWhen: condition(task.breakWhen),
      };
    case "loop":
      return {
        loop: tidy({ until: condition(task.until), every: task.every, max: task.max }),
        tasks: tasks(task.tasks),
      };
    case "if":
      return { if: condition(task.condition), then: tasks(task.then), else: listed(tasks(task.else)) };
    case "switch":
      return {
        switch: task.on,
        cases: Object.fromEntries(task.cases.map((one) => [one.value, tasks(one.tasks)])),
        default: listed(tasks(task.default)),
      };
    case "approval":
      return {
        approval: task.question,
        by: by(task.by),
        escalate: listed(task.escalate.map((one) => ({ after: duration(one.after), to: by(one.to) ?? {} }))),
        details: task.details,
        decisions: { ...task.decisions },
        fields: task.fields && shape(task.fields),
        comment: unless(task.comment, "onReject"),
        onTimeout: unless(task.onTimeout, "fail"),
        onReject: unless(task.onReject, "fail"),
      };
    case "form":
      return {
        form: task.question,
        by: by(task.by),
        escalate: listed(task.escalate.map((one) => ({ after: duration(one.after), to: by(one.to) ?? {} }))),
        fields: shape(task.fields),
        onTimeout: unless(task.onTimeout, "fail"),
      };
    case "wait":
      return {
        wait: "duration" in task.for ? task.for.duration : tidy({ ...task.for }),
        onTimeout: unless(task.onTimeout, "fail"),
      };
    case "flow":
      return {
        flow: task.flow,
        revision: task.revision,
        with: filled(task.with),
        detach: unless(task.detach, false),
      };
    case "set":
      return { set: task.values };
    case "remember":
      return {
        remember: task.entries,
        as: unless(task.as, "fact"),
        tags: listed(task.tags),
        expires: duration(task.expires),
      };
    case "log":
      return { log: task.message, level: unless(task.level, "info") };
    case "fail":
      return { fail: task.message };
    case "stop":
      return { stop: task.message, state: unless(task.state, "succeeded"), outputs: task.outputs };
  }
}
