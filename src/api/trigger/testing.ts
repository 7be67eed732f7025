import type { Json } from "#base/index.ts";
import { triggerTasks, type TriggerDeps } from "#triggers/index.ts";
import { startsOf } from "../run/starting.ts";
import type { TestApi, TestMember } from "../testing.ts";

/** A flow with these triggers, one a line of YAML. */
export const triggeredText = (triggers: string, id = "desk"): string => `id: ${id}
inputs: { ticket: { type: string, default: none }, amount: { type: number, default: 0 } }
tasks:
  - { id: note, log: "{{ inputs.ticket }}" }
outputs: { ticket: "{{ inputs.ticket }}" }
triggers:
${triggers}
`;

/** Ways to drive triggers by hand. */
export function triggerHands(api: TestApi, member: TestMember) {
  const publish = async (triggers: string, slug = "desk"): Promise<void> => {
    const known = (await member.call.flow.list({})).find((flow) => flow.slug === slug);
    const text =
      triggers === "" ? triggeredText("", slug).replace("triggers:\n\n", "") : triggeredText(triggers, slug);
    await member.call.flow.publish({ text, message: "", ...(known ? { flowId: known.id } : {}) });
  };
  const only = async (slug = "desk") => {
    const [trigger] = await member.call.trigger.list({ flow: slug });
    if (trigger === undefined) throw new Error(`${slug} has no trigger`);
    return trigger;
  };
  return {
    publish,
    only,
    /** What came of the flow's only trigger, oldest first. */
    outcomes: async (slug = "desk") =>
      (await member.call.trigger.outcomes({ id: (await only(slug)).id, limit: 100 })).rows.toReversed(),
    /** What the flow's runs were given, oldest first. */
    runs: async (slug = "desk"): Promise<Json[]> => {
      const { rows } = await api.db.pool.query<{ inputs: string }>(
        `select run.inputs from run join flow on flow.id = run.flow_id
          where flow.slug = $1 and run.workspace_id = $2 order by run.number`,
        [slug, member.scope.workspaceId],
      );
      return rows.map(({ inputs }) => ({ ticket: (JSON.parse(inputs) as { ticket: Json }).ticket }));
    },
    /** The worker's tasks, at an instant of a test's own. */
    tasks: (now?: () => number) => {
      const deps: TriggerDeps = {
        db: api.db,
        starts: startsOf(api.db),
        ...(now === undefined ? {} : { now: () => Promise.resolve(now()) }),
      };
      return triggerTasks(deps);
    },
  };
}
