import { CalendarClock, CornerDownRight, Webhook, type LucideIcon } from "lucide-react";
import type { OutcomeRow, TriggerView } from "#api/index.ts";

const icons: Readonly<Record<TriggerView["kind"], LucideIcon>> = {
  schedule: CalendarClock,
  webhook: Webhook,
  flow: CornerDownRight,
};
const kinds: Readonly<Record<TriggerView["kind"], string>> = {
  schedule: "Schedule",
  webhook: "Webhook",
  flow: "After a flow",
};

export function TriggerIcon({ kind }: { kind: TriggerView["kind"] }) {
  const Icon = icons[kind];
  return (
    <span title={kinds[kind]} className="inline-flex text-(--text-3)">
      <Icon aria-hidden size={16} />
      <span className="sr-only">{kinds[kind]}</span>
    </span>
  );
}

const states: Readonly<Record<TriggerView["state"], { word: string; look: string }>> = {
  on: { word: "On", look: "bg-(--ok-soft) text-(--ok)" },
  paused: { word: "Paused", look: "bg-(--wait-soft) text-(--wait)" },
  off: { word: "Off in the flow", look: "bg-(--surface-3) text-(--text-2)" },
};

export function TriggerState({ state, isHeld }: { state: TriggerView["state"]; isHeld: boolean }) {
  // A trigger that is on starts nothing while its whole flow is paused.
  const { word, look } = isHeld && state === "on" ? { ...states.paused, word: "Flow paused" } : states[state];
  return (
    <span className={`rounded-(--radius-1) px-1.5 whitespace-nowrap [font:var(--type-11)] ${look}`}>
      {word}
    </span>
  );
}

/** Words for what came of a trigger, and how it looks. */
export const outcomeWords: Readonly<Record<OutcomeRow["outcome"], { word: string; look: string }>> = {
  started: { word: "Started", look: "text-(--ok)" },
  skipped: { word: "Skipped", look: "text-(--text-2)" },
  failed: { word: "Not started", look: "text-(--fail)" },
  refused: { word: "Refused", look: "text-(--fail)" },
  limited: { word: "Too many", look: "text-(--wait)" },
  duplicate: { word: "Came again", look: "text-(--text-2)" },
};
