import type { DagTask } from "../language/definition.ts";

export type DagNeeds = {
  readonly ids: ReadonlySet<string>;
  /** Ids of all tasks that come before a task: its needs, and theirs. */
  before(id: string): ReadonlySet<string>;
};

const known = new WeakMap<DagTask, DagNeeds>();

/** What the tasks of a dag need. Made once per dag; what comes before a task is found when it is asked for. */
export function needsOf(dag: DagTask): DagNeeds {
  let needs = known.get(dag);
  if (!needs) {
    needs = collect(dag);
    known.set(dag, needs);
  }
  return needs;
}

function collect(dag: DagTask): DagNeeds {
  const own = new Map(dag.tasks.map((task) => [task.id, task.needs]));
  const found = new Map<string, ReadonlySet<string>>();
  return {
    ids: new Set(own.keys()),
    before(id) {
      let all = found.get(id);
      if (!all) {
        const seen = new Set<string>();
        const left = [...(own.get(id) ?? [])];
        for (let next = left.pop(); next !== undefined; next = left.pop()) {
          if (seen.has(next)) continue;
          seen.add(next);
          left.push(...(own.get(next) ?? []));
        }
        all = seen;
        found.set(id, all);
      }
      return all;
    },
  };
}
