import { BatonError, type WorkspaceId } from "#base/index.ts";
import { sha256, type Database, type Transaction } from "#platform/index.ts";
import { systemScope } from "../scope.ts";
import { countUsers, deleteFact } from "./store.ts";

/** Key of the fact that holds the SHA-256 (hex) of the one-time setup token. */
export const setupTokenKey = "setup-token";

const installation = systemScope("" as WorkspaceId, "setup");

/** Whether nobody has an account yet. */
export async function setupNeeded(db: Database): Promise<boolean> {
  return (await countUsers(installation, db)) === 0;
}

/**
 * Uses the one-time setup token up, in the transaction of what it is used for. Of two at once, one gets "forbidden",
 * as does anyone with another token or once somebody has an account.
 */
export async function useSetupToken(tx: Transaction, token: string): Promise<void> {
  const used = await deleteFact(installation, tx, setupTokenKey, sha256(token));
  if (!used || (await countUsers(installation, tx)) > 0) {
    throw new BatonError("forbidden", "This setup link is used up or is not the one of this installation.", {
      hint: "Open the link that the start of Baton printed last, or sign in if the workspace exists.",
    });
  }
}
