import { z } from "zod";
import { rehearse, type Rehearsal } from "#triggers/index.ts";
import { startsOf } from "../run/starting.ts";
import { verb } from "../trpc.ts";

/** Signs a sample call to a webhook and says what it maps to; with `send`, it starts a run as a call from outside does. */
export const test = verb("flow.edit")
  .input(
    z.object({
      id: z.string().max(100),
      body: z.string().max(100_000).default(""),
      contentType: z
        .enum(["application/json", "application/x-www-form-urlencoded", "text/plain"])
        .default("application/json"),
      headers: z
        .record(
          z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "Names of headers hold letters, digits and -."),
          z.string().max(2000),
        )
        .default({}),
      query: z.string().max(2000).default(""),
      send: z.boolean().default(false),
    }),
  )
  .mutation(async ({ ctx: { deps, scope }, input }): Promise<Rehearsal & { curl: string }> => {
    const { id, send, ...sample } = input;
    const found = await rehearse({ db: deps.db, starts: startsOf(deps.db) }, scope, id, sample, send);
    return { ...found, curl: curlOf(`${deps.url}${found.path}`, found.headers, sample.body) };
  });

/** The same call for a command line. */
function curlOf(url: string, headers: Readonly<Record<string, string>>, body: string): string {
  const named = Object.entries(headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\`);
  return [`curl -X POST ${quoted(url)} \\`, ...named, `  --data-raw ${quoted(body)}`].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
