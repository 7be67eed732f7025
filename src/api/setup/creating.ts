import { BatonError } from "#base/index.ts";
import {
  addMember,
  createUser,
  createWorkspace,
  defaultAlias,
  memberScope,
  setAliasIn,
  setProviderIn,
  useSetupToken,
  writeAudit,
  type Provider,
} from "#governance/index.ts";
import { blueprints } from "#library/index.ts";
import { transaction } from "#platform/index.ts";
import { publishWithTriggersIn } from "#triggers/index.ts";
import { installationKnowledge, type ApiDeps } from "../deps.ts";

export type Setup = {
  readonly token: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly workspace: string;
  readonly provider?:
    | {
        readonly provider: Provider;
        readonly key?: string | undefined;
        readonly baseUrl?: string | undefined;
        readonly model?: string | undefined;
      }
    | undefined;
};

/**
 * Makes the first workspace with its owner and the blueprints as flows, all or nothing. The token is used up by it; of
 * two at once one is refused. The alias "default" is the simulated model unless a provider is given.
 */
export async function createFirstWorkspace(
  deps: Pick<ApiDeps, "db" | "models">,
  setup: Setup,
): Promise<void> {
  const texts = await blueprints();
  await transaction(deps.db, async (tx) => {
    await useSetupToken(tx, setup.token);
    const workspace = await createWorkspace(tx, setup.workspace);
    const user = await createUser(tx, setup);
    const email = setup.email.trim().toLowerCase();
    const scope = memberScope(workspace, { kind: "user", id: user, name: setup.name, email }, ["owner"]);
    await addMember(tx, scope, user, ["owner"]);
    await writeAudit(tx, scope, {
      action: "workspace.created",
      subject: { kind: "workspace", id: workspace },
      body: { name: setup.workspace, owner: email },
    });
    const { provider = { provider: "simulated" } } = setup;
    const model =
      provider.provider === "simulated" ? "simulated" : (provider.model ?? deps.models(provider.provider)[0]);
    if (model === undefined || model === "") {
      throw new BatonError("bad-input", "Say which model of the provider is to be used.", {
        hint: "A gateway or local server lists its models; write one of these names.",
        details: { fields: { "provider.model": ["Required."] } },
      });
    }
    if (provider.provider !== "simulated") {
      await setProviderIn(tx, scope, {
        provider: provider.provider,
        ...(provider.baseUrl ? { baseUrl: provider.baseUrl } : {}),
        ...(provider.key ? { key: provider.key } : {}),
      });
    }
    await setAliasIn(tx, scope, { alias: defaultAlias, provider: provider.provider, model });
    for (const { text } of texts) {
      const publication = { text, message: "Comes with Baton.", into: "new" as const };
      await publishWithTriggersIn(tx, scope, publication, installationKnowledge);
    }
  });
}
