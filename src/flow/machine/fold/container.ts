import type { Draft } from "../draft.ts";
import type { TaskPath } from "../events.ts";
import { errorsSlot, finallySlot, mainSlot, placeOf } from "../paths.ts";
import type { BlockProgress, Container } from "../state.ts";

const noProgress: BlockProgress = { count: 0, started: 0, ended: 0, failed: 0, firstFailed: null };

export function containerAt(draft: Draft, path: TaskPath): Container | undefined {
  return path === "" ? draft.run.root : draft.task(path)?.inside;
}

function putContainer(draft: Draft, path: TaskPath, container: Container): void {
  if (path === "") {
    draft.run.root = container;
    return;
  }
  const task = draft.task(path);
  if (task) draft.putTask({ ...task, inside: container });
}

/** The slot that a block's name stands for: handlers and iterations by name, every other block is the main one. */
export function slotOfBlock(block: string): string {
  return block.startsWith("!") || block.startsWith("[") ? block : mainSlot;
}

export function enterBlock(draft: Draft, path: TaskPath, block: string, count: number): void {
  const slot = slotOfBlock(block);
  const iteration = slot.startsWith("[");
  if (path !== "") {
    const task = draft.task(path);
    if (!task) return;
    if (!iteration) draft.putTask({ ...task, blocks: { ...task.blocks, [block]: count } });
    // The pause before a round is over with it: the next has one of its own.
    else if (task.fired.length > 0) {
      draft.putTask({ ...task, fired: task.fired.filter((one) => !one.startsWith("wait:")) });
    }
  }
  const container = containerAt(draft, path);
  if (!container) return;
  const { iterations } = container;
  putContainer(draft, path, {
    ...container,
    progress:
      iteration && count === 0
        ? container.progress
        : { ...container.progress, [slot]: { ...noProgress, count } },
    iterations: iteration
      ? {
          ...iterations,
          entered: iterations.entered + 1,
          ended: iterations.ended + (count === 0 ? 1 : 0),
        }
      : iterations,
  });
}

/** A child was started (and is open from now on) or skipped (and is over at once). */
export function childSeen(draft: Draft, path: TaskPath, open: boolean): void {
  const { parent, slot } = placeOf(path);
  const container = containerAt(draft, parent);
  const progress = container?.progress[slot];
  if (!container || !progress) return;
  const next = { ...progress, started: progress.started + 1 };
  if (open) {
    putContainer(draft, parent, {
      ...container,
      progress: { ...container.progress, [slot]: next },
      open: [...container.open, path],
    });
  } else {
    childEnded(draft, parent, container, slot, next, path, "ended");
  }
}

export type ChildEnd = "ended" | "failed" | "cancelled";

export function childOver(draft: Draft, path: TaskPath, end: ChildEnd): void {
  const { parent, slot } = placeOf(path);
  const container = containerAt(draft, parent);
  const progress = container?.progress[slot];
  if (!container || !progress) return;
  const open = container.open.filter((other) => other !== path);
  childEnded(draft, parent, { ...container, open }, slot, progress, path, end);
}

function childEnded(
  draft: Draft,
  parent: TaskPath,
  container: Container,
  slot: string,
  progress: BlockProgress,
  path: TaskPath,
  end: ChildEnd,
): void {
  const failed = end === "failed";
  const next: BlockProgress = {
    ...progress,
    ended: progress.ended + 1,
    failed: progress.failed + (failed ? 1 : 0),
    firstFailed: progress.firstFailed ?? (failed ? path : null),
  };
  const iterationOver = slot.startsWith("[") && (failed || end === "cancelled" || next.ended >= next.count);
  const broken: Container["broken"] =
    end === "ended" || slot.startsWith("!")
      ? container.broken
      : [...container.broken, { path, progress: iterationOver ? progress : null }];
  if (!iterationOver) {
    const all = { ...container.progress, [slot]: next };
    putContainer(draft, parent, { ...container, progress: all, broken });
    return;
  }
  const { [slot]: _over, ...rest } = container.progress;
  putContainer(draft, parent, {
    ...container,
    progress: rest,
    broken,
    iterations: {
      ...container.iterations,
      ended: container.iterations.ended + 1,
      failed: container.iterations.failed + (failed ? 1 : 0),
    },
    firstFailed: container.firstFailed ?? next.firstFailed,
  });
}

/**
 * A container that was over, as it is taken up again: what its children finished stays, its handlers have not run,
 * and the children that failed or were stopped wait for room.
 */
export function reopened(container: Container): Container {
  const { [errorsSlot]: _errors, [finallySlot]: _finally, ...progress } = container.progress;
  const main = container.broken.filter(({ path }) => placeOf(path).slot === mainSlot);
  const restored: Record<string, BlockProgress> = { ...progress };
  for (const { path, progress: before } of container.broken) {
    if (before) restored[placeOf(path).slot] = unfailed(before, 0);
  }
  const whole = restored[mainSlot];
  if (whole) restored[mainSlot] = unfailed(whole, main.length);
  const iterations = container.broken.length - main.length;
  return {
    ...container,
    progress: restored,
    iterations: {
      ...container.iterations,
      ended: container.iterations.ended - iterations,
      failed: 0,
    },
    open: [],
    firstFailed: null,
    broken: [],
    held: [...container.broken.map(({ path }) => path), ...container.held],
  };
}

function unfailed(progress: BlockProgress, again: number): BlockProgress {
  return { ...progress, ended: progress.ended - again, failed: 0, firstFailed: null };
}

/** A child that was held is under way again. */
export function childTakenUp(draft: Draft, path: TaskPath): void {
  const { parent } = placeOf(path);
  const container = containerAt(draft, parent);
  if (!container) return;
  putContainer(draft, parent, {
    ...container,
    held: container.held.filter((other) => other !== path),
    open: [...container.open, path],
  });
}
