import type { Database, Transaction } from "#platform/index.ts";
import type { Scope } from "../scope.ts";

export async function countUsers(_scope: Scope, db: Pick<Database | Transaction, "prisma">): Promise<number> {
  return db.prisma.user.count();
}

/** Deletes the fact if it has this value. False: it has not. */
export async function deleteFact(
  _scope: Scope,
  tx: Transaction,
  key: string,
  value: string,
): Promise<boolean> {
  const deleted = await tx.prisma.instance.deleteMany({ where: { key, value } });
  return deleted.count === 1;
}
