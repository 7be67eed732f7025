import { FlaskConical } from "lucide-react";

/** Stands wherever words of the simulated model stand. */
export function SimulatedMark() {
  return (
    <span
      title="These words come from the built-in stand-in for a model, which needs no key"
      className="inline-flex h-5 shrink-0 items-center gap-1 rounded-(--radius-1) border border-dashed border-(--border-field) px-1.5 text-(--text-2) [font:var(--type-11)]"
    >
      <FlaskConical aria-hidden size={12} /> Simulated
    </span>
  );
}
