import { BatonError, type WorkspaceId } from "#base/index.ts";
import { seal, transaction, unseal, type Database, type Transaction } from "#platform/index.ts";
import { writeAudit } from "../audit/audit.ts";
import { settingsPolicy } from "../policy/settings.ts";
import { authorize, systemScope, type Scope } from "../scope.ts";
import * as store from "./store.ts";

/** A secret as people see it: never its value. `updatedAt` is epoch milliseconds. */
export type SecretView = { name: string; updatedAt: number; updatedByName: string };

/** Longest value that is kept, in characters. */
export const longestSecret = 20_000;

/** Names that flows can write in `secret('NAME')`. */
const secretName = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;

export async function listSecrets(db: Database, scope: Scope): Promise<SecretView[]> {
  authorize(scope, settingsPolicy.seeSecrets);
  return store.readNames(scope, db);
}

/** Sets a secret. Its value is sealed at once and can't be read back. */
export async function setSecret(db: Database, scope: Scope, name: string, value: string): Promise<void> {
  await transaction(db, (tx) => setSecretIn(tx, scope, name, value));
}

/** As {@link setSecret}, within a transaction. */
export async function setSecretIn(tx: Transaction, scope: Scope, name: string, value: string): Promise<void> {
  authorize(scope, settingsPolicy.changeSecrets);
  if (!secretName.test(name)) {
    throw new BatonError("bad-input", `"${name.slice(0, 100)}" can't be the name of a secret.`, {
      hint: "Begin with a letter, then letters, digits, and . _ - up to 100 characters.",
      details: { fields: { name: ["Not a name."] } },
    });
  }
  if (value.length === 0 || value.length > longestSecret) {
    throw new BatonError("bad-input", `A secret has 1 to ${longestSecret} characters.`, {
      details: { fields: { value: ["Empty or too long."] } },
    });
  }
  const existed = await store.upsert(scope, tx, name, seal(value));
  await writeAudit(tx, scope, {
    action: existed ? "secret.replaced" : "secret.created",
    subject: { kind: "secret", id: name },
    body: { name },
  });
}

export async function deleteSecret(db: Database, scope: Scope, name: string): Promise<void> {
  authorize(scope, settingsPolicy.changeSecrets);
  await transaction(db, async (tx) => {
    if (!(await store.remove(scope, tx, name))) {
      throw new BatonError("not-found", "There is no such secret.");
    }
    await writeAudit(tx, scope, {
      action: "secret.deleted",
      subject: { kind: "secret", id: name },
      body: { name },
    });
  });
}

/** Opens a secret of the workspace. For the worker, at the tool boundary; "not-found" when there is none of the name. */
export async function openSecret(db: Database, workspace: WorkspaceId, name: string): Promise<string> {
  const sealed = await store.readSealed(systemScope(workspace, "secrets"), db, name);
  if (sealed === null) {
    throw new BatonError("not-found", `There is no secret "${name}" in the workspace.`, {
      hint: "An admin can add it on the settings page.",
    });
  }
  return unseal(sealed);
}

/** Values of all secrets of the workspace, for a redactor. For the worker, and for what people write. */
export async function secretValues(db: Database, workspace: WorkspaceId): Promise<string[]> {
  const all = await store.readAllSealed(systemScope(workspace, "secrets"), db);
  return all.map((sealed) => unseal(sealed));
}
