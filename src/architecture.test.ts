import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { floors } from "./floors.ts";

const source = import.meta.dirname;

type Import = { readonly file: string; readonly target: string; readonly typeOnly: boolean };
type SourceFile = { readonly path: string; readonly module: string; readonly code: string };

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter(
    (path) => /\.tsx?$/.test(path) && path.includes("/") && !path.startsWith("platform/prisma/generated/"),
  )
  .map((path) => ({
    path,
    module: path.slice(0, path.indexOf("/")),
    code: withoutComments(readFileSync(join(source, path), "utf8")),
  }));
const isTest = (path: string): boolean =>
  /\.test\.tsx?$|(^|\/)(testing|conformance|fixtures)(\/|\.ts)/.test(path);
const product = files.filter(({ path }) => !isTest(path));

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(,])\/\/[^\n]*/g, "");
}

const importPattern =
  /(?:^|[\n;])\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\sfrom\s+)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/g;

function importsOf({ path, code }: SourceFile): readonly Import[] {
  return [...code.matchAll(importPattern)].map((match) => ({
    file: path,
    target: match[2] ?? match[3] ?? "",
    typeOnly: match[1] !== undefined,
  }));
}

const imports = files.flatMap(importsOf);

type Place = { readonly floor: number; readonly why: string; readonly entries: readonly string[] };
const places = new Map<string, Place>(
  floors.flatMap(({ floor, modules, why }) =>
    Object.entries(modules).map(([module, entries]) => [module, { floor, why, entries }] as const),
  ),
);

/** What pages may see of the server: everything else they get over the wire. */
const open: Readonly<Record<string, readonly string[]>> = {
  ui: [
    "base/index.ts",
    "flow/index.ts",
    "flow/machine/index.ts",
    "engine/browser.ts",
    "collab/client.ts",
    "ui/",
  ],
};

/** The breach of a floor by an import, in a sentence; null when it is allowed. */
function breach({ file, target, typeOnly }: Import): string | null {
  const module = file.slice(0, file.indexOf("/"));
  const from = places.get(module);
  if (from === undefined) return `src/${file}: the module "${module}" has no floor in src/floors.ts`;
  if (target.startsWith(".")) {
    const reached = relative(source, resolve(source, dirname(file), target)).replaceAll("\\", "/");
    return reached.startsWith(`${module}/`)
      ? null
      : `src/${file} imports "${target}": a relative import must stay in its module ("${module}"); use "#${reached}"`;
  }
  if (!target.startsWith("#")) return null;
  const [name = "", ...rest] = target.slice(1).split("/");
  const entry = rest.join("/");
  if (name === module)
    return isTest(file) ? null : `src/${file} imports "${target}": within a module, imports are relative`;
  const to = places.get(name);
  if (to === undefined)
    return `src/${file} imports "${target}": the module "${name}" has no floor in src/floors.ts`;
  const allowed = open[module];
  if (allowed !== undefined && !isTest(file)) {
    const seen = allowed.some((path) => `${name}/${entry}`.startsWith(path)) || (name === "api" && typeOnly);
    if (!seen) {
      return `src/${file} imports "${target}": "${module}" (floor ${from.floor}: ${from.why}) may not see "${name}"`;
    }
    return null;
  }
  if (to.floor >= from.floor && !(module === "app" && name === "ui")) {
    return `src/${file} imports "${target}": "${module}" is on floor ${from.floor} (${from.why}), "${name}" on floor ${to.floor} (${to.why}); imports go down only`;
  }
  const entries = isTest(file) ? [...to.entries, "testing.ts"] : to.entries;
  if (name !== "ui" && !entries.includes(entry)) {
    return `src/${file} imports "${target}": "${name}" is entered by ${entries.join(", ")} only`;
  }
  return null;
}

describe("floors", () => {
  it("imports go down, through entries", () => {
    expect(imports.map(breach).filter((text) => text !== null)).toEqual([]);
  });

  it.each([
    ["up", { file: "flow/index.ts", target: "#platform/index.ts", typeOnly: true }, /floor 1 .* floor 2/],
    [
      "beside the entry",
      { file: "api/index.ts", target: "#journal/append.ts", typeOnly: false },
      /entered by index.ts only/,
    ],
    [
      "relative to another module",
      { file: "api/a/b.ts", target: "../../flow/x.ts", typeOnly: false },
      /stay in its module/,
    ],
    [
      "server code in pages",
      { file: "ui/a.tsx", target: "#platform/index.ts", typeOnly: true },
      /may not see "platform"/,
    ],
    [
      "values of api in pages",
      { file: "ui/a.tsx", target: "#api/index.ts", typeOnly: false },
      /may not see "api"/,
    ],
    ["an unknown module", { file: "misc/a.ts", target: "#base/index.ts", typeOnly: false }, /has no floor/],
  ])("notices an import %s", (_, wrong, message) => {
    expect(breach(wrong)).toMatch(message);
  });

  it("reads every form of import", () => {
    const code = `import a from "x1";\nimport type { b } from "x2";\nexport { c } from "x3";\nimport "x4";\nconst d = await import("x5");\nimport {\n  e,\n  f,\n} from "x6";\nexport type * from "x7";`;
    const found = importsOf({ path: "base/a.ts", module: "base", code });
    expect(found.map(({ target, typeOnly }) => [target, typeOnly])).toEqual([
      ...[
        ["x1", false],
        ["x2", true],
        ["x3", false],
        ["x4", false],
        ["x5", false],
        ["x6", false],
        ["x7", true],
      ],
    ]);
  });
});

/** Imports that only some places may have, with the reason that a breach is told. */
const reserved: readonly {
  readonly pattern: RegExp;
  readonly places: RegExp;
  readonly why: string;
  /** Its types may be named everywhere. */
  readonly typesFree?: true;
}[] = [
  { pattern: /^graphile-worker/, places: /^journal\//, why: "the queue is the journal's business" },
  {
    pattern: /^@ai-sdk\/(?!react$|provider$)/,
    places: /^(agents\/models|tools\/mcp)\//,
    why: "providers are reached through agents/models",
  },
  { pattern: /^@ai-sdk\/provider$/, places: /^agents\//, why: "providers are reached through agents/models" },
  {
    pattern: /^(@prisma\/|prisma$|pg$)/,
    typesFree: true,
    places: /^platform\//,
    why: "platform is the only door to the database",
  },
  {
    pattern: /^(undici|node:https|node:http2|node:net|node:tls|node:dns.*)$/,
    places: /^(platform|processes)\//,
    why: "platform/outbound is the only HTTP client",
  },
  { pattern: /^(node:)?vm$/, places: /^$/, why: "nothing is evaluated in our processes" },
  {
    pattern: /^node:child_process$/,
    places: /^(platform|processes|tools|cli)\//,
    why: "only these start processes",
  },
  { pattern: /^better-auth/, places: /^(governance|ui)\//, why: "accounts are governance's business" },
  { pattern: /^next(\/|$)/, places: /^(app|ui|processes)\//, why: "Next is for pages only" },
];

/** What code may not do, by place. */
const forbidden: readonly { readonly pattern: RegExp; readonly places: RegExp; readonly why: string }[] = [
  { pattern: /\beval\(|\bnew Function\(/, places: /^/, why: "nothing is evaluated in our processes" },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bfetch\(|\bprocess\.|\bBuffer\b/,
    places: /^(base|flow)\//,
    why: "base and flow are pure, so that browser and server agree",
  },
  {
    pattern: /\b(streamText|generateText|generateObject|streamObject)\(/,
    places: /^(?!agents\/models\/)/,
    why: "models are called through agents/models",
  },
  {
    pattern: /\bprocess\.env\b/,
    places: /^(?!platform\/|processes\/|cli\/)/,
    why: "the environment is read in platform/settings.ts",
  },
  {
    pattern: /\.prisma\b(?!\/)(?!`)/,
    places: /^(?!platform\/|.*(^|\/)([\w-]+-)?store\.ts$|governance\/auth)/,
    why: "Prisma is called in a module's store.ts, where each function takes a Scope",
  },
];

describe("what is reserved", () => {
  it("imports of libraries stay where they belong", () => {
    const wrong = imports
      .filter(({ file }) => !isTest(file))
      .flatMap(({ file, target, typeOnly }) =>
        reserved
          .filter(
            ({ pattern, places: allowed, typesFree }) =>
              pattern.test(target) && !allowed.test(file) && !(typesFree === true && typeOnly),
          )
          .map(({ why }) => `src/${file} imports "${target}": ${why}`),
      );
    expect(wrong).toEqual([]);
  });

  it("base and flow import neither Node nor a framework", () => {
    const wrong = imports
      .filter(
        ({ file, target }) =>
          /^(base|flow)\//.test(file) &&
          !isTest(file) &&
          /^(node:|react|next|yjs|@prisma|pg$|zlib|fs|crypto)/.test(target),
      )
      .map(({ file, target }) => `src/${file} imports "${target}": base and flow are pure`);
    expect(wrong).toEqual([]);
  });

  it("code does nothing that its place forbids", () => {
    const wrong = product.flatMap(({ path, code }) =>
      forbidden
        .filter(({ pattern, places: where }) => where.test(path) && pattern.test(code))
        .map(({ pattern, why }) => `src/${path} has "${pattern.exec(code)?.[0] ?? ""}": ${why}`),
    );
    expect(wrong).toEqual([]);
  });

  it("no file is longer than 600 lines", () => {
    const long = files.filter(({ code }) => code.split("\n").length > 600).map(({ path }) => `src/${path}`);
    expect(long).toEqual([]);
  });
});
