/** The run page's frame while it loads: the same places, so that nothing jumps. */
export function RunSkeleton() {
  return (
    <div
      role="status"
      aria-label="Loading the run"
      className="flex h-[calc(100dvh-56px)] min-h-0 flex-col md:h-dvh bg-(--surface)"
    >
      <div className="flex h-12 shrink-0 items-center gap-3 border-b border-(--border) px-4">
        <div className="skeleton h-3 w-40" />
        <div className="skeleton h-3 w-56" />
      </div>
      <div className="flex h-[76px] shrink-0 items-center gap-3 border-b border-(--border) px-4">
        <div className="skeleton size-9" />
        <div className="flex flex-1 flex-col gap-2">
          <div className="skeleton h-5 w-80 max-w-full" />
          <div className="skeleton h-3 w-56" />
        </div>
      </div>
      <div className="flex min-h-0 flex-1">
        <div className="hidden w-[320px] flex-col gap-4 border-r border-(--border) p-4 lg:flex">
          <Lines count={9} />
        </div>
        <div className="flex flex-1 flex-col gap-4 p-5">
          <Lines count={6} />
        </div>
        <div className="hidden w-[340px] flex-col gap-4 border-l border-(--border) p-4 lg:flex">
          <Lines count={4} />
        </div>
      </div>
      <div className="hidden h-28 shrink-0 border-t border-(--border) bg-(--bg) lg:block" />
    </div>
  );
}

function Lines({ count }: { count: number }) {
  return Array.from({ length: count }, (_, line) => (
    <div key={line} className="skeleton h-3 shrink-0" style={{ width: `${40 + ((line * 29) % 50)}%` }} />
  ));
}
