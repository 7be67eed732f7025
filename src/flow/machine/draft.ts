import type { TaskPath } from "./events.ts";
import { timerKey } from "./paths.ts";
import type { RunState, TaskState, TimerState } from "./state.ts";

/**
 * A run's state while events are folded into it. The records that grow with the run (`tasks`, `order`, `timers`)
 * are not copied at each event: a *lasting* draft copies them once and then owns its copies, a *passing* one keeps
 * its changes beside the state and is thrown away (that is how `decide` looks ahead). Task states themselves are
 * values: they are replaced, never changed.
 */
export class Draft {
  /** All but the growing records. The draft's own: its members are replaced in place. */
  readonly run: { -readonly [K in keyof RunState]: RunState[K] };
  readonly #lasting: boolean;
  #tasks: Record<TaskPath, TaskState>;
  #order: TaskPath[];
  #timers: Record<string, TimerState>;
  readonly #changedTasks = new Map<TaskPath, TaskState>();
  readonly #changedTimers = new Map<string, TimerState | null>();
  #added = 0;

  constructor(state: RunState, lasting: boolean) {
    this.run = { ...state };
    this.#lasting = lasting;
    this.#tasks = lasting ? { ...state.tasks } : (state.tasks as Record<TaskPath, TaskState>);
    this.#order = lasting ? [...state.order] : (state.order as TaskPath[]);
    this.#timers = lasting ? { ...state.timers } : (state.timers as Record<string, TimerState>);
  }

  task(path: TaskPath): TaskState | undefined {
    const changed = this.#changedTasks.get(path);
    if (changed) return changed;
    return Object.hasOwn(this.#tasks, path) ? this.#tasks[path] : undefined;
  }

  putTask(task: TaskState): void {
    if (this.#lasting) {
      if (!Object.hasOwn(this.#tasks, task.path)) this.#order.push(task.path);
      this.#tasks[task.path] = task;
      return;
    }
    if (!this.task(task.path)) this.#added += 1;
    this.#changedTasks.set(task.path, task);
  }

  /** Number of tasks seen so far. */
  taskCount(): number {
    return this.#order.length + this.#added;
  }

  timer(key: string): TimerState | undefined {
    const changed = this.#changedTimers.get(key);
    if (changed !== undefined) return changed ?? undefined;
    return Object.hasOwn(this.#timers, key) ? this.#timers[key] : undefined;
  }

  putTimer(timer: TimerState): void {
    const key = timerKey(timer.path, timer.name, timer.n);
    if (this.#lasting) this.#timers[key] = timer;
    else this.#changedTimers.set(key, timer);
  }

  dropTimer(key: string): void {
    if (this.#lasting) delete this.#timers[key];
    else this.#changedTimers.set(key, null);
  }

  /** All timers that are set. Costs as much as there are: not for what happens at each event. */
  timers(): readonly TimerState[] {
    const all = new Map<string, TimerState | null>([...Object.entries(this.#timers), ...this.#changedTimers]);
    return [...all.values()].filter((timer) => timer !== null);
  }

  /** Makes the timers of a task void that its state knows by number, up to `timersSet`. */
  dropTimersOf(path: TaskPath, timersSet: number): void {
    for (let n = 1; n <= timersSet; n += 1) {
      for (const name of timerNames) {
        const key = timerKey(path, name, n);
        if (this.timer(key)) this.dropTimer(key);
      }
    }
  }

  /** The state as it is now. Of a lasting draft it stays valid until the next event is folded in. */
  state(): RunState {
    return { ...this.run, tasks: this.#tasks, order: this.#order, timers: this.#timers };
  }
}

const timerNames = ["wait", "timeout", "retry", "deadline", "limit", "escalate"];
