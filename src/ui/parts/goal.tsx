import { Target } from "lucide-react";

export type Goal = { readonly reached: boolean | null; readonly reason?: string };

/** Whether a run reached its goal, in words. */
export function goalWords({ reached }: Goal): string {
  if (reached === null) return "Goal not known";
  return reached ? "Goal reached" : "Goal not reached";
}

/** Whether a run reached its goal, as a mark: colour never says it alone. */
export function GoalMark({ goal }: { goal: Goal }) {
  const tone =
    goal.reached === true ? "text-(--ok)" : goal.reached === false ? "text-(--wait)" : "text-(--text-3)";
  return (
    <span
      title={goal.reason === undefined || goal.reason === "" ? undefined : goal.reason}
      className="inline-flex items-center gap-1 whitespace-nowrap text-(--text-2) [font:var(--type-11)]"
    >
      <Target aria-hidden size={12} className={tone} />
      {goalWords(goal)}
    </span>
  );
}
