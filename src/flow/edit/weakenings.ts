import type { Agent, By, Flow, Limits, LocalTool, Task } from "../language/definition.ts";
import { blocksOf } from "../language/blocks.ts";
import { printDuration } from "../values/duration.ts";
import { grantCovers } from "../validate/rules/grants.ts";

/** Something that a later text guards less than an earlier one. */
export type Weakening = {
  readonly kind: "approval" | "grant" | "limit";
  /** What it is about, and how it was before. One sentence. */
  readonly message: string;
};

/** Approvals, grants and limits that `after` weakens. What is new in `after` weakens nothing but by its grants. */
export function weakenings(before: Flow, after: Flow): Weakening[] {
  return [
    ...tools(before, after),
    ...agents(before, after),
    ...limitsOf("the flow", before.limits, after.limits),
    ...tasks(before, after),
  ];
}

function tools(before: Flow, after: Flow): Weakening[] {
  return Object.values(after.tools).flatMap((tool) => {
    const earlier = before.tools[tool.name];
    if (earlier === undefined) return [];
    const found: Weakening[] = [];
    if (isGuarded(earlier) && !isGuarded(tool)) {
      found.push(approval(`${tool.name} no longer waits for a person.`));
    } else if (
      isGuarded(tool) &&
      conditionOf(tool) !== conditionOf(earlier) &&
      conditionOf(tool) !== "true"
    ) {
      found.push(
        approval(
          `${tool.name} waits for a person only when ${conditionOf(tool)}; it was ${conditionOf(earlier) === "true" ? "always" : `when ${conditionOf(earlier)}`}.`,
        ),
      );
    }
    if (ranks[tool.risk] < ranks[earlier.risk]) {
      found.push(approval(`The risk of ${tool.name} is said to be ${tool.risk}; it was ${earlier.risk}.`));
    }
    if (tool.approval !== undefined && earlier.approval !== undefined) {
      found.push(...deciders(tool.name, earlier.approval.by, tool.approval.by));
    }
    return found;
  });
}

const ranks = { low: 0, medium: 1, high: 2 } as const;

/** Whether some of its calls wait for a person. */
function isGuarded(tool: LocalTool): boolean {
  return tool.approval === undefined ? tool.risk === "high" : tool.approval.when !== "false";
}

function conditionOf(tool: LocalTool): string {
  return tool.approval?.when ?? "true";
}

function agents(before: Flow, after: Flow): Weakening[] {
  return Object.values(after.agents).flatMap((agent) => {
    const earlier = before.agents[agent.name];
    const found = agent.tools.flatMap((grant): Weakening[] => {
      const held = earlier?.tools.filter(({ tool }) => grantCovers(tool, grant.tool)) ?? [];
      if (held.some(({ when }) => when === undefined || when === grant.when)) return [];
      const [narrower] = held;
      return [
        {
          kind: "grant",
          message:
            narrower === undefined
              ? `The agent ${agent.name} may call ${grant.tool}.`
              : `The agent ${agent.name} may call ${grant.tool} ${grant.when === undefined ? "always" : `when ${grant.when}`}; it was when ${narrower.when ?? ""}.`,
        },
      ];
    });
    return [...found, ...(earlier === undefined ? [] : agentLimits(earlier, agent))];
  });
}

function agentLimits(before: Agent, after: Agent): Weakening[] {
  return limitsOf(`the agent ${after.name}`, before.limits, after.limits);
}

function tasks(before: Flow, after: Flow): Weakening[] {
  const earlier = new Map(allTasks(before).map((task) => [task.id, task]));
  const later = new Map(allTasks(after).map((task) => [task.id, task]));
  const found: Weakening[] = [];
  for (const [id, task] of earlier) {
    const now = later.get(id);
    if (task.kind === "approval" && (now?.kind !== "approval" || (now.disabled && !task.disabled))) {
      found.push(approval(`Nobody is asked at ${id} any more.`));
      continue;
    }
    if (now === undefined) continue;
    if (task.kind === "approval" && now.kind === "approval") {
      found.push(...deciders(id, task.by, now.by));
      if (now.onTimeout !== task.onTimeout && (now.onTimeout === "approve" || now.onTimeout === "continue")) {
        found.push(approval(`${id} goes on when nobody decides in time; it was "${task.onTimeout}".`));
      }
      if (now.onReject === "continue" && task.onReject === "fail") {
        found.push(approval(`A rejection of ${id} no longer stops the run.`));
      }
      if (now.when !== task.when && now.when !== undefined) {
        found.push(approval(`${id} is asked only when ${now.when}.`));
      }
    }
    if (task.kind === "agent" && now.kind === "agent") {
      found.push(...limitsOf(`the task ${id}`, task.limits, now.limits));
    }
  }
  return found;
}

function deciders(what: string, before: By, after: By): Weakening[] {
  const found: Weakening[] = [];
  if (after.quorum < before.quorum) {
    found.push(approval(`${what} takes ${after.quorum} to decide; it was ${before.quorum}.`));
  }
  if (before.excludeStarter && !after.excludeStarter) {
    found.push(approval(`Whoever started the run may decide ${what}.`));
  }
  const added = [...after.roles, ...after.users].filter(
    (name) => ![...before.roles, ...before.users].includes(name),
  );
  // Naming nobody means approvers.
  const isWider =
    before.roles.length + before.users.length > 0 || !added.every((name) => name === "approver");
  if (added.length > 0 && isWider) found.push(approval(`${added.join(", ")} may decide ${what} as well.`));
  return found;
}

function limitsOf(whose: string, before: Limits, after: Limits): Weakening[] {
  return (["steps", "tokens", "cost", "time", "tasks"] as const).flatMap((name): Weakening[] => {
    const earlier = before[name];
    const now = after[name];
    if (earlier === undefined || (now !== undefined && now <= earlier)) return [];
    const print = (value: number): string => (name === "time" ? printDuration(value) : String(value));
    const message =
      now === undefined
        ? `The limit of ${name} of ${whose} is gone; it was ${print(earlier)}.`
        : `The limit of ${name} of ${whose} is ${print(now)}; it was ${print(earlier)}.`;
    return [{ kind: "limit", message }];
  });
}

function allTasks(flow: Flow): Task[] {
  const below = (list: readonly Task[]): Task[] =>
    list.flatMap((task) => [task, ...blocksOf(task).flatMap((block) => below(block.tasks))]);
  return below([...flow.tasks, ...flow.errors, ...flow.finally]);
}

function approval(message: string): Weakening {
  return { kind: "approval", message };
}
