import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

/** A surface with a title row. Never inside another one. */
export function Card({
  title,
  aside,
  children,
  className,
  flush = false,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
  /** Without padding, for rows that reach the border. */
  flush?: boolean;
}) {
  return (
    <section
      className={cn(
        "overflow-hidden rounded-(--radius-3) border border-(--border) bg-(--surface)",
        className,
      )}
    >
      {title === undefined ? null : (
        <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-(--border) px-4 py-1.5">
          <h2 className="min-w-0 grow truncate font-semibold">{title}</h2>
          {aside}
        </div>
      )}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}
