import { addMember, createUser, createWorkspace, memberScope, type Scope } from "#governance/index.ts";
import { type Database, transaction } from "#platform/index.ts";

export const email = "ada@example.com";
export const password = "correct horse battery";

/** A workspace with one member who may do everything. */
export function makeMember(db: Database): Promise<Scope> {
  return transaction(db, async (tx) => {
    const workspace = await createWorkspace(tx, "Bench");
    const id = await createUser(tx, { name: "Ada", email, password });
    const scope = memberScope(workspace, { kind: "user", id, name: "Ada", email }, ["owner"]);
    await addMember(tx, scope, id, ["owner"]);
    return scope;
  });
}
