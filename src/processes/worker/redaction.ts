import type { WorkspaceId } from "#base/index.ts";
import { redactor, type Redactor, secretValues } from "#governance/index.ts";
import type { Database } from "#platform/index.ts";

/** Keeps a redactor of all secret values that this process may come to know. */
export type Secrets = {
  /** Makes sure that the workspace's secrets are known. Looks again after a few seconds. */
  learn(workspace: WorkspaceId): Promise<void>;
  /** Adds one value at once. */
  add(value: string): void;
  /** Redacts every known value. Asked for anew each time, so that values learnt in the meantime count. */
  redactor(): Redactor;
};

const freshFor = 5000;

/** `given`: values that are secret from the start, as keys from the environment. */
export function createSecrets(
  db: Database,
  given: readonly string[],
  now = () => performance.now(),
): Secrets {
  const values = new Set(given);
  const learnt = new Map<WorkspaceId, { at: number; done: Promise<void> }>();
  let current = redactor([...values]);

  const add = (found: readonly string[]): void => {
    const before = values.size;
    for (const value of found) values.add(value);
    if (values.size !== before) current = redactor([...values]);
  };

  return {
    learn(workspace) {
      const known = learnt.get(workspace);
      if (known !== undefined && now() - known.at < freshFor) return known.done;
      const done = secretValues(db, workspace).then(add);
      learnt.set(workspace, { at: now(), done });
      done.catch(() => learnt.delete(workspace));
      return done;
    },
    add: (value) => add([value]),
    redactor: () => current,
  };
}
