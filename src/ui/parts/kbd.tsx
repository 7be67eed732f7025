import type { ReactNode } from "react";

/** A key. */
export function Kbd({ children, onAccent = false }: { children: ReactNode; onAccent?: boolean }) {
  return (
    <kbd
      aria-hidden
      className={`hidden h-5 min-w-5 items-center justify-center rounded-(--radius-1) border px-1 [font:var(--type-11)] md:inline-flex pointer-coarse:hidden ${onAccent ? "border-white/40 text-(--on-accent)" : "border-(--border-strong) text-(--text-2)"}`}
    >
      {children}
    </kbd>
  );
}
