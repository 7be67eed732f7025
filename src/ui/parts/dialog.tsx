"use client";
import { useEffect, useRef, type ReactNode } from "react";

/** A modal dialog of the platform: focus is kept inside, Escape closes. */
export function Dialog({
  title,
  isOpen,
  onClose,
  isWide = false,
  children,
}: {
  title: string;
  isOpen: boolean;
  onClose(): void;
  /** For what is compared side by side. */
  isWide?: boolean;
  children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const began = useRef<EventTarget | null>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null) return;
    if (isOpen && !dialog.open) dialog.showModal();
    if (!isOpen && dialog.open) dialog.close();
  }, [isOpen]);
  return (
    <dialog
      ref={element}
      aria-label={title}
      onClose={onClose}
      onPointerDown={(event) => {
        began.current = event.target;
      }}
      onClick={(event) => {
        // A selection that is drawn out of a field ends outside as well, and must lose nothing.
        if (event.target === element.current && began.current === element.current) onClose();
      }}
      className={`m-auto ${isWide ? "w-[min(1120px,calc(100vw-32px))]" : "w-[min(520px,calc(100vw-32px))]"} rounded-(--radius-3) border border-(--border-strong) bg-(--surface) p-0 text-(--text)`}
    >
      {isOpen ? (
        <div className="flex flex-col gap-4 p-5">
          <h2 className="[font:var(--type-16)]">{title}</h2>
          {children}
        </div>
      ) : null}
    </dialog>
  );
}
