/** An event of Chromium's trace. Times are microseconds; `tdur` is time on the processor. */
export type TraceEvent = {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
};

/**
 * The work of the page's main thread for each frame: all tasks from the end of one frame to the end of the next.
 * Milliseconds, once on the processor and once as passed.
 */
export function framesOf(events: readonly TraceEvent[]): { cpu: number[]; wall: number[] } {
  const threads = new Set(
    events
      .filter((event) => event.name === "thread_name" && event.args?.name === "CrRendererMain")
      .map((event) => `${event.pid} ${event.tid}`),
  );
  const byThread = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const key = `${event.pid} ${event.tid}`;
    if (!threads.has(key)) continue;
    const list = byThread.get(key);
    if (list === undefined) byThread.set(key, [event]);
    else list.push(event);
  }
  // The page that is measured is the one that draws.
  const frames = (list: readonly TraceEvent[]): TraceEvent[] =>
    list.filter((event) => event.name === "BeginMainThreadFrame");
  const [main] = [...byThread.values()].toSorted((a, b) => frames(b).length - frames(a).length);
  const cpu: number[] = [];
  const wall: number[] = [];
  if (main === undefined) return { cpu, wall };
  const starts = frames(main)
    .map((event) => event.ts)
    .toSorted((a, b) => a - b);
  let sum = { cpu: 0, wall: 0 };
  let next = 0;
  const work = main
    .filter((event) => event.name === "RunTask" && event.ph === "X")
    .toSorted((a, b) => a.ts - b.ts);
  let end = 0;
  for (const task of work) {
    // Tasks within tasks are counted with these.
    if (task.ts < end) continue;
    end = task.ts + (task.dur ?? 0);
    sum = { cpu: sum.cpu + (task.tdur ?? 0) / 1000, wall: sum.wall + (task.dur ?? 0) / 1000 };
    const isFrame = (starts[next] ?? Infinity) <= end;
    while ((starts[next] ?? Infinity) <= end) next += 1;
    if (!isFrame) continue;
    cpu.push(sum.cpu);
    wall.push(sum.wall);
    sum = { cpu: 0, wall: 0 };
  }
  return { cpu, wall };
}
