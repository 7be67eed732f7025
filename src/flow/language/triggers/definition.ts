import type { Duration, Expression, Template } from "../definition.ts";

/** What starts a flow by itself, written out. `with` gives the inputs; its expressions know what the kind tells. */
type TriggerBase = {
  readonly id: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly disabled: boolean;
  readonly with: Readonly<Record<string, Template>>;
};

/** What happens to firings that were due while nothing could start them. */
export type CatchUp = "none" | "last" | "all";

export type ScheduleTrigger = TriggerBase & {
  readonly kind: "schedule";
  /** Cron: five fields, or six with seconds first. */
  readonly cron: string;
  /** A name of the IANA time zone database. */
  readonly timezone: string;
  readonly catchUp: CatchUp;
  /** Each firing is put off by up to so long, the same for each time that it is worked out. */
  readonly jitter: Duration;
};

export type WebhookTrigger = TriggerBase & {
  readonly kind: "webhook";
  readonly signature: "hmac" | "none";
  /** Name of the workspace's secret that signs; without one, Baton makes a key for the trigger. */
  readonly secret: string | undefined;
  /** How old a signed call may be, and how long ago or ahead its time may lie. */
  readonly replayWindow: Duration;
  /** Yields what makes two calls the same call. */
  readonly idempotencyKey: Expression | undefined;
  readonly rateLimit: { readonly limit: number; readonly per: Duration };
  /** Calls for which it does not hold start nothing. */
  readonly when: Expression | undefined;
};

export const completionStates = ["succeeded", "failed", "cancelled", "dead-lettered"] as const;
export type CompletionState = (typeof completionStates)[number];

export type FlowTrigger = TriggerBase & {
  readonly kind: "flow";
  /** The id of the flow whose runs it follows. */
  readonly flow: string;
  readonly states: readonly CompletionState[];
  readonly when: Expression | undefined;
};

export type Trigger = ScheduleTrigger | WebhookTrigger | FlowTrigger;
export type TriggerKind = Trigger["kind"];
