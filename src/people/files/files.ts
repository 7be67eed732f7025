import { createHash } from "node:crypto";
import { BatonError, type FileRef } from "#base/index.ts";
import { authorize, filePolicy, newId, type Scope, writeAudit } from "#governance/index.ts";
import { transaction, type Database, type Transaction } from "#platform/index.ts";
import { mediaTypeOf } from "./sniff.ts";
import * as store from "./store.ts";

/** Longest name of a file, in characters. */
const longestName = 200;

/**
 * Keeps an uploaded file. Fails with "bad-input" when it is empty, or its content is not what its type or name says.
 * Its size was capped while it was received.
 */
export async function saveFile(
  db: Database,
  scope: Scope,
  upload: { name: string; mediaType: string; content: Uint8Array },
): Promise<FileRef["$file"]> {
  authorize(scope, filePolicy.upload);
  const name = cleanName(upload.name);
  if (upload.content.length === 0) {
    throw new BatonError("bad-input", `"${name}" is empty.`, { hint: "Choose a file with something in it." });
  }
  const file = {
    id: newId("file"),
    name,
    mediaType: mediaTypeOf(name, upload.mediaType, upload.content),
    bytes: upload.content.length,
    hash: createHash("sha256").update(upload.content).digest("hex"),
  };
  await transaction(db, async (tx) => {
    await store.insertFile(scope, tx, file, upload.content);
    await writeAudit(tx, scope, {
      action: "file.uploaded",
      subject: { kind: "file", id: file.id },
      body: { name, mediaType: file.mediaType, bytes: file.bytes, hash: file.hash },
    });
  });
  return file;
}

/** What is known of files of the workspace, by id. Ids of other workspaces are as if they were not there. */
export async function findFiles(
  db: Pick<Database | Transaction, "prisma">,
  scope: Scope,
  ids: readonly string[],
): Promise<Map<string, FileRef["$file"]>> {
  const files = ids.length === 0 ? [] : await store.readFiles(scope, db, ids);
  return new Map(files.map((file) => [file.id, file]));
}

/** Content of a file of the workspace; "not-found" for any other. */
export async function openFile(db: Database, scope: Scope, id: string): Promise<Uint8Array> {
  const content = await store.readContent(scope, db, id);
  if (content === null) throw new BatonError("not-found", "There is no such file.");
  return content;
}

function cleanName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? "";
  // Control characters would break lines of logs and the audit.
  const clean = last
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, longestName);
  return clean === "" ? "file" : clean;
}
