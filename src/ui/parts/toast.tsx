"use client";
import { createContext, use, useCallback, useRef, useState, type ReactNode } from "react";

const ToastContext = createContext<(text: string) => void>(() => {});

/** Says something in passing: what was just done. Errors stay where they happened instead. */
export function useToast(): (text: string) => void {
  return use(ToastContext);
}

export function ToastArea({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<{ id: number; text: string } | null>(null);
  const next = useRef(0);
  const say = useCallback((text: string) => {
    next.current += 1;
    const id = next.current;
    setShown({ id, text });
    setTimeout(() => setShown((current) => (current?.id === id ? null : current)), 5000);
  }, []);
  return (
    <ToastContext value={say}>
      {children}
      <div
        role="status"
        aria-live="polite"
        className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex justify-center md:bottom-6"
      >
        {shown === null ? null : (
          <p className="pointer-events-auto rounded-(--radius-2) border border-(--border-strong) bg-(--surface) px-3 py-2">
            {shown.text}
          </p>
        )}
      </div>
    </ToastContext>
  );
}
