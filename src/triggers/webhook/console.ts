import { BatonError, type Json } from "#base/index.ts";
import { authorize, triggerPolicy, type Scope } from "#governance/index.ts";
import { unseal } from "#platform/index.ts";
import { nowOf } from "../clock.ts";
import { missingTrigger } from "../pause.ts";
import { reasonOf } from "../outcomes.ts";
import type { TriggerDeps } from "../spec.ts";
import * as store from "../store.ts";
import type { HookCall } from "./content.ts";
import { answerCall, isWebhook, mapCall, secretOf, type HookAnswer, type Webhook } from "./receive.ts";
import { sign, signatureHeader } from "./signature.ts";

/** Where a webhook is called, and with what it is signed. */
export type HookAddress = {
  readonly path: string;
  /** The key that Baton made; null where a secret of the workspace signs, or none does. */
  readonly signingKey: string | null;
  /** Name of the secret that signs. */
  readonly secret: string | null;
};

/** The address is a secret as well: who knows it may call. */
export async function hookAddress({ db }: TriggerDeps, scope: Scope, id: string): Promise<HookAddress> {
  authorize(scope, triggerPolicy.address);
  const trigger = await readWebhook(db, scope, id);
  return {
    path: pathOf(trigger),
    signingKey: trigger.signingKey === null ? null : unseal(trigger.signingKey),
    secret: trigger.definition.secret ?? null,
  };
}

export type Sample = {
  readonly body: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As in an address, without the question mark. */
  readonly query: string;
};

/** What a sample call comes to. */
export type Rehearsal = {
  /** Headers that the call carries, its signature among them. */
  readonly headers: Record<string, string>;
  readonly path: string;
  readonly mapped:
    | {
        readonly ok: true;
        readonly holds: boolean;
        readonly keyed: boolean;
        readonly inputs: Record<string, Json>;
      }
    | { readonly ok: false; readonly message: string };
  /** Set when it was sent. */
  readonly answer: HookAnswer | null;
};

/**
 * Signs a sample call and says what it means to the trigger: the inputs that it maps to, or what is wrong. With `send`
 * it is answered as a call from outside is, and starts a run.
 */
export async function rehearse(
  deps: TriggerDeps,
  scope: Scope,
  id: string,
  sample: Sample,
  send: boolean,
): Promise<Rehearsal> {
  authorize(scope, triggerPolicy.test);
  if (send) authorize(scope, "run.start");
  const trigger = await readWebhook(deps.db, scope, id);
  const now = await nowOf(deps);
  const body = new TextEncoder().encode(sample.body);
  const headers: Record<string, string> = { "content-type": sample.contentType };
  for (const [name, value] of Object.entries(sample.headers)) headers[name.toLowerCase()] = value;
  if (trigger.definition.signature === "hmac")
    headers[signatureHeader] = sign(await secretOf(deps, trigger), body, now);
  const call: HookCall = { body, headers, query: new URLSearchParams(sample.query) };
  const query = sample.query === "" ? "" : `?${sample.query}`;
  return {
    headers,
    path: `${pathOf(trigger)}${query}`,
    mapped: await mappedOf(deps, scope, trigger, call, now),
    answer: send ? await answerCall(deps, scope, trigger, call) : null,
  };
}

async function mappedOf(
  deps: TriggerDeps,
  scope: Scope,
  trigger: Webhook,
  call: HookCall,
  now: number,
): Promise<Rehearsal["mapped"]> {
  try {
    const { holds, key, inputs } = mapCall(trigger, call, now);
    if (holds) {
      await deps.starts.prepare(scope, {
        slug: trigger.flow.slug,
        revision: trigger.revision,
        inputs,
        once: { scope: trigger.id, keys: [] },
      });
    }
    return { ok: true, holds, keyed: key !== null, inputs };
  } catch (error) {
    return { ok: false, message: reasonOf(error) };
  }
}

async function readWebhook(db: TriggerDeps["db"], scope: Scope, id: string): Promise<Webhook> {
  const trigger = await store.readTrigger(scope, db, id);
  if (trigger === null || !trigger.active) throw missingTrigger();
  if (!isWebhook(trigger)) {
    throw new BatonError("conflict", `"${trigger.name}" is no webhook: nobody can call it.`);
  }
  return trigger;
}

/** Below this path webhooks are called. */
export const hooksPath = "/hooks/";

function pathOf(trigger: Webhook): string {
  return `${hooksPath}${trigger.token === null ? "" : unseal(trigger.token)}`;
}
