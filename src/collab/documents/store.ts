import { type Scope, newId } from "#governance/index.ts";
import type { Database } from "#platform/index.ts";
import type { NamedVersion } from "../spec.ts";

type Named = { id: string; seq: bigint; name: string; author: string; authorName: string; at: Date };

/** Keeps a state under a name. The document was found in the scope's workspace. */
export async function insertVersion(
  scope: Scope,
  db: Database,
  document: number,
  version: { readonly seq: string; readonly name: string; readonly state: Uint8Array },
): Promise<NamedVersion> {
  const row = await db.prisma.liveVersion.create({
    data: {
      id: newId("lver"),
      documentId: document,
      seq: BigInt(version.seq),
      name: version.name,
      state: Buffer.from(version.state),
      author: scope.actor.id,
      authorName: scope.actor.name,
    },
  });
  return viewOf(row);
}

/** Versions of a document, newest first. */
export async function readVersions(_scope: Scope, db: Database, document: number): Promise<NamedVersion[]> {
  const rows = await db.prisma.liveVersion.findMany({
    where: { documentId: document },
    omit: { state: true },
    orderBy: [{ seq: "desc" }, { at: "desc" }],
    take: 500,
  });
  return rows.map(viewOf);
}

export async function readVersion(
  _scope: Scope,
  db: Database,
  document: number,
  id: string,
): Promise<Uint8Array | null> {
  const row = await db.prisma.liveVersion.findFirst({ where: { id, documentId: document } });
  return row?.state ?? null;
}

function viewOf(row: Named): NamedVersion {
  return {
    id: row.id,
    seq: String(row.seq),
    name: row.name,
    author: { id: row.author, name: row.authorName },
    at: row.at.getTime(),
  };
}
