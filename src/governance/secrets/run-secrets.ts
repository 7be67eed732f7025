import { BatonError, isObject, type Json, type RunId, type WorkspaceId } from "#base/index.ts";
import { seal, unseal, type Database, type Transaction } from "#platform/index.ts";
import { systemScope, type Scope } from "../scope.ts";
import { hiddenOf, type Hidden } from "./hidden.ts";
import * as store from "./store.ts";

/**
 * Seals what was given in the secret inputs of a run, in the transaction that makes the run. The run itself holds
 * references to it.
 */
export async function sealRunSecrets(
  tx: Transaction,
  scope: Scope,
  run: RunId,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const sealed = Object.entries(secrets).map(([name, value]) => ({ name, sealed: seal(value) }));
  if (sealed.length > 0) await store.insertRunSecrets(scope, tx, run, sealed);
}

/** Opens what was given in a secret input of a run. For the worker, at the tool boundary; "not-found" when there is none. */
export async function openRunSecret(
  db: Database,
  workspace: WorkspaceId,
  run: RunId,
  name: string,
): Promise<string> {
  const found = (await runSecrets(db, systemScope(workspace, "secrets"), run))[name];
  if (found !== undefined) return found;
  throw new BatonError("not-found", `Nothing was given in the secret input "${name}".`, {
    hint: "Start the run again and fill it in.",
  });
}

/** All that was given in the secret inputs of a run, by name: for another run that takes it over. Never for people. */
export async function runSecrets(db: Database, scope: Scope, run: RunId): Promise<Record<string, string>> {
  const rows = await store.readRunSecrets(scope, db, run);
  return Object.fromEntries(rows.map(({ name, sealed }) => [name, unseal(sealed)]));
}

/** What is to be hidden of a run of this text, whoever wrote it down: the values behind its references are looked for. */
export async function hiddenOfRun(
  db: Database,
  scope: Scope,
  run: { readonly id: RunId; readonly inputs: Json },
  text: string,
): Promise<Hidden> {
  return hiddenOf(text, withOpened(run.inputs, await runSecrets(db, scope, run.id)));
}

/** As {@link hiddenOfRun}, of what was read with the run: `sealed` by the name of the input. */
export function hiddenOfSealed(
  text: string,
  inputs: Json,
  sealed: Readonly<Record<string, string>> | null,
): Hidden {
  const opened = Object.entries(sealed ?? {}).map(([name, value]) => [name, unseal(value)] as const);
  return hiddenOf(text, withOpened(inputs, Object.fromEntries(opened)));
}

function withOpened(inputs: Json, secrets: Readonly<Record<string, string>>): Json {
  return isObject(inputs) ? ({ ...inputs, ...secrets } as Json) : inputs;
}
