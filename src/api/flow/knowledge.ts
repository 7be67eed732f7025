import { authorize, flowPolicy } from "#governance/index.ts";
import { installationKnowledge, knowledgeOf } from "../deps.ts";
import { verb } from "../trpc.ts";
import type { KnowledgeView } from "../views.ts";

/** What validation knows beyond a text, for checking in the browser as publishing would. */
export const knowledge = verb("workspace.see").query(
  async ({ ctx: { deps, scope } }): Promise<KnowledgeView> => {
    authorize(scope, flowPolicy.check);
    const {
      models = [],
      unpriced = [],
      members = [],
      follows = new Map(),
      flows,
    } = await knowledgeOf(deps, scope);
    const { tools, roles = [] } = installationKnowledge;
    return {
      models,
      unpriced,
      members,
      follows: [...follows].map(([flow, followed]) => ({ flow, followed })),
      flows: (flows?.ids() ?? []).map((id) => ({ id, inputs: flows?.get(id) ?? null })),
      roles,
      tools: (tools?.names() ?? []).flatMap((name) => tools?.get(name) ?? []),
    };
  },
);
