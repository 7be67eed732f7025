import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "#base/index.ts";
import { parseFlow } from "#flow/index.ts";

/** A flow that comes with Baton, to start from. */
export type Blueprint = {
  slug: string;
  title: string;
  description: string;
  text: string;
  samples: Record<string, JsonObject>;
};

/** Where the blueprints of this code are. */
const blueprintFolder = join(import.meta.dirname, "../../blueprints");

/** Reads all blueprints, by file name. A text that is not a flow is left out. */
export async function blueprints(folder: string = blueprintFolder): Promise<Blueprint[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => {
    const { flow } = parseFlow(text);
    if (flow === null) return [];
    return [
      {
        slug: flow.id,
        title: flow.title ?? flow.id,
        description: flow.description ?? "",
        text,
        samples: { ...flow.samples },
      },
    ];
  });
}
