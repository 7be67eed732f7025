import { BatonError, messageOf, type Json, type RunId } from "#base/index.ts";
import {
  evaluateCondition,
  evaluateExpression,
  isExpressionError,
  triggerName,
  type ExpressionScope,
  type WebhookTrigger,
} from "#flow/index.ts";
import { openSecret, triggerScope, type Scope } from "#governance/index.ts";
import { runNumber, startedUnder, type StartKeys } from "#journal/index.ts";
import { log, sha256, transaction, unseal } from "#platform/index.ts";
import { nowOf } from "../clock.ts";
import { commonScope, mapInputs } from "../inputs.ts";
import { triggerOfToken } from "../locate.ts";
import { reasonOf, record, recordIn } from "../outcomes.ts";
import { isLive, type NewOutcome, type StartedRun, type TriggerDeps, type TriggerRecord } from "../spec.ts";
import * as store from "../store.ts";
import { contentOf, type HookCall } from "./content.ts";
import { takeCall } from "./rate.ts";
import { checkSignature } from "./signature.ts";

/** What a call is answered. */
export type HookAnswer = {
  readonly status: number;
  readonly body: Readonly<Record<string, Json>>;
  /** Seconds after which to call again. */
  readonly retryAfter?: number;
};

export type Webhook = TriggerRecord & { readonly definition: WebhookTrigger };

/** The one answer to a wrong address, a wrong signature, and a signature that is too old. */
const refused: HookAnswer = {
  status: 401,
  body: problem("unauthenticated", "There is no such webhook, or the call is not signed as it must be."),
};

/** Answers a call to an address: starts a run, or says why not. */
export async function receiveCall(deps: TriggerDeps, token: string, call: HookCall): Promise<HookAnswer> {
  const found = await triggerOfToken(deps.db.pool, sha256(token));
  const trigger = found === null ? null : await store.readTrigger(found.scope, deps.db, found.id);
  if (found === null || trigger === null || !isWebhook(trigger)) {
    // As much work as for an address that there is.
    checkSignature(["no secret"], call.headers, call.body, 0, 0);
    return refused;
  }
  return answerCall(deps, found.scope, trigger, call);
}

/** As {@link receiveCall}, for a trigger that was found. */
export async function answerCall(
  deps: TriggerDeps,
  scope: Scope,
  trigger: Webhook,
  call: HookCall,
): Promise<HookAnswer> {
  const { definition } = trigger;
  const now = await nowOf(deps);
  const keys: string[] = [];
  if (definition.signature === "hmac") {
    const checked = await checkCall(deps, trigger, call, now);
    if (!checked.ok) {
      await record(deps.db, scope, trigger, inCrowd({ outcome: "refused", message: checked.reason }, now));
      return refused;
    }
    keys.push(`signature:${checked.id}`);
  }
  if (!isLive(trigger)) {
    const message = silenceOf(trigger);
    await record(deps.db, scope, trigger, inCrowd({ outcome: "skipped", message }, now));
    return { status: 409, body: problem("conflict", message) };
  }
  let mapped: MappedCall;
  try {
    mapped = mapCall(trigger, call, now);
  } catch (error) {
    return failed(deps, scope, trigger, error, now);
  }
  if (mapped.key !== null) keys.push(`key:${mapped.key}`);
  const once: StartKeys = { scope: trigger.id, keys };
  const before = keys.length === 0 ? null : await startedUnder(deps.db.pool, once);
  if (before !== null) return duplicate(deps, scope, trigger, before.run, now);
  if (!mapped.holds) {
    const message = "Its condition does not hold for the call.";
    await record(deps.db, scope, trigger, inCrowd({ outcome: "skipped", message }, now));
    return { status: 200, body: { outcome: "skipped", message } };
  }
  try {
    return await start(deps, scope, trigger, mapped.inputs, once, now);
  } catch (error) {
    return failed(deps, scope, trigger, error, now);
  }
}

/** Why a webhook that is there starts nothing. */
function silenceOf({ flow, paused }: TriggerRecord): string {
  if (flow.paused) return "The flow of this webhook is paused.";
  return paused === null ? "This webhook is switched off." : "This webhook is paused.";
}

class Limited extends Error {
  readonly wait: number;
  constructor(wait: number) {
    super("The rate is used up.");
    this.wait = wait;
  }
}

async function start(
  deps: TriggerDeps,
  scope: Scope,
  trigger: Webhook,
  inputs: Record<string, Json>,
  once: StartKeys,
  now: number,
): Promise<HookAnswer> {
  const actor = { id: trigger.id, name: triggerName("webhook", trigger.name) };
  const begin = await deps.starts.prepare(triggerScope(trigger.workspaceId, actor), {
    slug: trigger.flow.slug,
    revision: trigger.revision,
    inputs,
    once,
  });
  let started: StartedRun;
  try {
    started = await transaction(deps.db, async (tx) => {
      const run = await begin(tx);
      if (run.repeated) return run;
      // A call that comes again costs nothing: only now is it known to be new.
      const wait = await takeCall(tx, trigger.id, trigger.definition.rateLimit);
      if (wait !== null) throw new Limited(wait);
      await recordIn(tx, scope, trigger, { outcome: "started", run: run.id });
      return run;
    });
  } catch (error) {
    if (!(error instanceof Limited)) throw error;
    const { limit, per } = trigger.definition.rateLimit;
    const message = `More than ${limit} calls in ${per / 1000} seconds.`;
    await record(deps.db, scope, trigger, inCrowd({ outcome: "limited", message }, now));
    return {
      status: 429,
      body: problem("rate-limited", message, "Call again later."),
      retryAfter: Math.ceil(error.wait / 1000),
    };
  }
  if (started.repeated) return duplicate(deps, scope, trigger, started.id, now);
  return { status: 202, body: { outcome: "started", run: { id: started.id, number: started.number } } };
}

async function duplicate(
  deps: TriggerDeps,
  scope: Scope,
  trigger: TriggerRecord,
  run: RunId,
  now: number,
): Promise<HookAnswer> {
  const message = "The call came again; the run of the first one was answered.";
  const outcome = { outcome: "duplicate" as const, run, message };
  await record(deps.db, scope, trigger, { ...outcome, crowd: `duplicate ${run} ${minuteOf(now)}` });
  const number = await runNumber(deps.db.pool, run);
  return { status: 200, body: { outcome: "duplicate", run: { id: run, number } } };
}

async function failed(
  deps: TriggerDeps,
  scope: Scope,
  trigger: TriggerRecord,
  error: unknown,
  now: number,
): Promise<HookAnswer> {
  const message = isExpressionError(error) ? messageOf(error) : reasonOf(error);
  await record(deps.db, scope, trigger, inCrowd({ outcome: "failed", message }, now, message));
  const hint = BatonError.isInstance(error) ? error.hint : undefined;
  return { status: statusOf(error), body: problem("bad-input", message, hint) };
}

/** 400 and 415: the body can't be read. 409: the flow takes no runs. 422: it was read, and does not make the inputs. */
function statusOf(error: unknown): number {
  if (!BatonError.isInstance(error)) return 422;
  if (error.details !== null && typeof error.details === "object" && "status" in error.details) return 415;
  if (error.code === "conflict") return 409;
  return error.message.startsWith("The body is not") ? 400 : 422;
}

export type MappedCall = {
  /** Whether the trigger's condition holds for the call. */
  readonly holds: boolean;
  /** What tells the call from others, where the trigger says what does. */
  readonly key: string | null;
  readonly inputs: Record<string, Json>;
};

/** What a call means to a trigger. Throws what is wrong with it. */
export function mapCall(trigger: Webhook, call: HookCall, now: number): MappedCall {
  const scope: ExpressionScope = { ...commonScope(trigger, now, now), ...contentOf(call) };
  const { when, idempotencyKey } = trigger.definition;
  const key = idempotencyKey === undefined ? null : keyOf(evaluateExpression(idempotencyKey, scope));
  if (when !== undefined && !evaluateCondition(when, scope)) return { holds: false, key, inputs: {} };
  return { holds: true, key, inputs: mapInputs(trigger, scope) };
}

function keyOf(value: Json): string {
  if ((typeof value !== "string" && typeof value !== "number") || value === "") {
    throw new BatonError("bad-input", "The call has no idempotency key where the trigger looks for it.");
  }
  return sha256(String(value));
}

/** The secret that signs calls of a webhook. */
export async function secretOf({ db }: Pick<TriggerDeps, "db">, trigger: Webhook): Promise<string> {
  const { secret } = trigger.definition;
  if (secret !== undefined) return openSecret(db, trigger.workspaceId, secret);
  if (trigger.signingKey !== null) return unseal(trigger.signingKey);
  throw new BatonError("misconfigured", "The webhook has no key to check signatures with.", {
    hint: "Publish its flow again.",
  });
}

async function checkCall(
  deps: TriggerDeps,
  trigger: Webhook,
  call: HookCall,
  now: number,
): Promise<ReturnType<typeof checkSignature>> {
  let secret: string;
  try {
    secret = await secretOf(deps, trigger);
  } catch (error) {
    if (!BatonError.isInstance(error)) throw error;
    log.warn({ trigger: trigger.id, error: error.message }, "a webhook can't be checked");
    return { ok: false, reason: error.message };
  }
  return checkSignature([secret], call.headers, call.body, now, trigger.definition.replayWindow);
}

export function isWebhook(trigger: TriggerRecord): trigger is Webhook {
  return trigger.definition.kind === "webhook";
}

/** Outcomes that strangers can cause are kept once a minute, with their number. */
function inCrowd(outcome: NewOutcome, now: number, tell = ""): NewOutcome {
  return {
    ...outcome,
    crowd: `${outcome.outcome} ${minuteOf(now)} ${tell === "" ? "" : sha256(tell).slice(0, 8)}`,
  };
}

function minuteOf(now: number): string {
  return new Date(now).toISOString().slice(0, 16);
}

function problem(code: string, message: string, hint?: string): Record<string, Json> {
  return { error: { code, message, hint: hint ?? null } };
}
