"use client";
import { ArrowDown } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";

/** Where the newest is: at the end, or, of a question that does not fit, at its beginning, which says what it is about. */
function newestIn(box: HTMLElement): number {
  const end = box.scrollHeight - box.clientHeight;
  const question = box.querySelector("[data-asks]");
  if (question === null) return end;
  const top = box.scrollTop + question.getBoundingClientRect().top - box.getBoundingClientRect().top;
  return Math.min(end, Math.max(0, top - 12));
}

/** A scroll area that stays at its end while `active`, until one scrolls up; a button goes back. */
export function Follow({
  active,
  focus,
  children,
}: {
  active: boolean;
  focus: string | null;
  children: ReactNode;
}) {
  const area = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(focus === null);
  const following = useRef(isFollowing);
  useLayoutEffect(() => {
    following.current = isFollowing && active;
  }, [isFollowing, active]);

  useLayoutEffect(() => {
    const box = area.current;
    const content = inner.current;
    if (box === null || content === null) return;
    const observer = new ResizeObserver(() => {
      if (following.current) box.scrollTop = newestIn(box);
    });
    observer.observe(content);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (focus === null) return;
    const target = [...(area.current?.querySelectorAll<HTMLElement>("[data-item]") ?? [])].find(
      (element) => element.dataset["item"] === focus,
    );
    target?.scrollIntoView({ block: "nearest" });
  }, [focus]);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={area}
        tabIndex={0}
        role="region"
        aria-label="What it did"
        className="min-h-0 flex-1 overflow-y-auto outline-none focus-visible:shadow-[inset_0_0_0_2px_var(--accent)]"
        onScroll={(event) => {
          const box = event.currentTarget;
          setFollowing(newestIn(box) - box.scrollTop < 40);
        }}
      >
        <div ref={inner}>{children}</div>
      </div>
      {active && !isFollowing ? (
        <button
          type="button"
          onClick={() => {
            setFollowing(true);
            if (area.current !== null) area.current.scrollTop = newestIn(area.current);
          }}
          className="absolute bottom-3 left-1/2 inline-flex h-7 -translate-x-1/2 items-center gap-1.5 rounded-(--radius-2) border border-(--border-strong) bg-(--surface) px-2.5 text-(--text-2) hover:bg-(--surface-2) pointer-coarse:h-11"
        >
          <ArrowDown aria-hidden size={14} /> Jump to newest
        </button>
      ) : null}
    </div>
  );
}
