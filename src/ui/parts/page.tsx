import type { ReactNode } from "react";

/** A page's frame: the sentence on top, its actions, and the content below. */
export function Page({
  title,
  about,
  actions,
  children,
}: {
  title: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="mx-auto flex w-full max-w-[1180px] flex-col gap-4 px-4 py-5 md:px-8 md:py-7">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="[font:var(--type-20)]">{title}</h1>
          {about === undefined ? null : <p className="mt-0.5 text-(--text-2)">{about}</p>}
        </div>
        {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
