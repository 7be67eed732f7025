import * as Y from "yjs";
import type { FlowId } from "#base/index.ts";
import { anchorOf } from "#collab/index.ts";
import type { Scope } from "#governance/index.ts";
import { draftAddress } from "#library/index.ts";
import type { ApiDeps } from "../deps.ts";

/** What a browser would send that puts a pin on words of the draft as it is now. */
export async function placeOf(
  deps: Pick<ApiDeps, "live">,
  scope: Scope,
  flow: string,
  words: string,
): Promise<{ anchor: { start: string; end: string }; stateVector: string }> {
  const { doc } = await deps.live.load(scope, draftAddress(flow as FlowId));
  const text = doc.getText("yaml");
  const from = text.toString().indexOf(words);
  if (from < 0) throw new Error(`The draft does not hold "${words}".`);
  return {
    anchor: anchorOf(text, { from, to: from + words.length }),
    stateVector: Buffer.from(Y.encodeStateVector(doc)).toString("base64"),
  };
}
