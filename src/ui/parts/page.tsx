import type { ReactNode } from "react";

/** A page's frame: the sentence on top, its actions, and the content below. */
export function Page({
  title,
  about,
  actions,
  children,
  narrow = false,
}: {
  title: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** For pages that are read from top to bottom rather than scanned. */
  narrow?: boolean;
}) {
  return (
    <div
      className={`mx-auto flex w-full flex-col gap-4 px-4 py-5 md:px-8 md:py-7 ${narrow ? "max-w-[880px]" : "max-w-[1180px]"}`}
    >
      <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="[font:var(--type-20)]">{title}</h1>
          {about === undefined ? null : <p className="mt-0.5 text-pretty text-(--text-2)">{about}</p>}
        </div>
        {actions === undefined ? null : (
          <div className="flex flex-wrap items-center gap-2 max-sm:w-full">{actions}</div>
        )}
      </div>
      {children}
    </div>
  );
}
