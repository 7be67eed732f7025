// What every entry does first, in plain JavaScript for any Node from 20 on: dependencies as the lock file says, and
// Prisma's client as the schema says. Nothing here may import a dependency.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The Node that package.json pins: everything but these few files runs on it. */
export const pinnedNode = join(
  root,
  "node_modules/node/bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** A failure that a person can act on; shown without a stack. */
export class SetupError extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Runs `work` as a step that is named, with its time, when it took noticeable time or failed. */
export async function step(name, work) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    const result = await work();
    process.stdout.write(`  ${name.padEnd(44)} ${seconds()}\n`);
    return result;
  } catch (error) {
    process.stdout.write(`  ${name.padEnd(44)} failed after ${seconds()}\n`);
    throw error;
  }
}

/** Installs what is missing and generates what is outdated. Prints only the steps that were necessary. */
export async function prepare() {
  const [major] = process.versions.node.split(".");
  if (Number(major) < 20) {
    throw new SetupError(
      `Baton needs Node 20 or newer to begin; this is ${process.versions.node}.`,
      "Install a newer Node from https://nodejs.org.",
    );
  }
  if (!isInstalled()) await step("Dependencies, from the lock file", install);
  if (!isGenerated()) await step("Database client, from the schema", generate);
}

// Dependencies

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** npm writes what it installed into a lock file of its own when it is done; compare that with ours. */
function isInstalled() {
  if (!existsSync(pinnedNode)) return false;
  const wanted = readJson(join(root, "package-lock.json"))?.packages;
  const installed = readJson(join(root, "node_modules/.package-lock.json"))?.packages;
  if (wanted === undefined || installed === undefined) return false;
  for (const [path, { version, integrity, optional, devOptional, peer }] of Object.entries(wanted)) {
    if (path === "") continue;
    const there = installed[path];
    if (there === undefined) {
      if (optional || devOptional || peer) continue;
      return false;
    }
    if (there.version !== version || (integrity !== undefined && there.integrity !== integrity)) return false;
  }
  return true;
}

async function install() {
  const { code, output } = await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    env: { ...process.env, ...prismaEnvironment() },
    shell: process.platform === "win32",
  });
  if (code !== 0 || !existsSync(pinnedNode)) {
    throw new SetupError(
      `The dependencies could not be installed (npm ci ended with ${code}).\n${output.trim()}`,
      "Check the connection to the npm registry and the room on the disk, then start again.",
    );
  }
}

// Prisma's client

/** Prisma wants to download an engine that this project doesn't use; any executable in its place keeps it from that. */
function prismaEnvironment() {
  return {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  };
}

const generatedFolder = join(root, "src/platform/prisma/generated");
const generatedStamp = join(generatedFolder, ".made-from");

function schemaHash() {
  const manifest = readJson(join(root, "node_modules/prisma/package.json"));
  return hashOf([readFileSync(join(root, "prisma/schema.prisma")), String(manifest?.version)]);
}

function isGenerated() {
  try {
    return readFileSync(generatedStamp, "utf8") === schemaHash();
  } catch {
    return false;
  }
}

async function generate() {
  const cli = join(root, "node_modules/prisma/build/index.js");
  const { code, output } = await run(pinnedNode, [cli, "generate", "--no-hints"], {
    env: { ...process.env, ...prismaEnvironment() },
  });
  if (code !== 0)
    throw new SetupError(
      `The database client could not be generated.\n${output.trim()}`,
      "Check prisma/schema.prisma.",
    );
  writeFileSync(generatedStamp, schemaHash());
}

// Parts for the entries

export function hashOf(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

const notBuilt = /\.test\.tsx?$/;

/** Builds the pages when a file changed that could change them. */
export async function build() {
  const stamp = join(root, ".next/made-from");
  const wanted = hashOf(buildInputs());
  if (existsSync(stamp) && existsSync(join(root, ".next/BUILD_ID")) && readFileSync(stamp, "utf8") === wanted)
    return;
  rmSync(stamp, { force: true });
  await step("Pages, because the sources changed", async () => {
    const { code, output } = await run(pinnedNode, [join(root, "node_modules/next/dist/bin/next"), "build"], {
      env: {
        ...process.env,
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        PATH: pathWithPinnedNode(),
      },
    });
    if (code !== 0)
      throw new SetupError(`The pages could not be built.\n${output.trim()}`, "See the message above.");
  });
  writeFileSync(stamp, wanted);
}

function* buildInputs() {
  const names = [
    "package-lock.json",
    "package.json",
    "next.config.js",
    "postcss.config.mjs",
    "tsconfig.json",
  ];
  for (const name of names) {
    const file = join(root, name);
    if (existsSync(file)) yield Buffer.concat([Buffer.from(name), readFileSync(file)]);
  }
  // What pages are made of; the server's modules run as they are.
  for (const folder of ["src/app", "src/ui", "src/base", "src/flow", "src/engine", "public"])
    yield* filesUnder(folder);
}

function* filesUnder(folder) {
  if (!existsSync(join(root, folder))) return;
  for (const name of readdirSync(join(root, folder)).sort()) {
    const path = `${folder}/${name}`;
    if (notBuilt.test(path)) continue;
    if (statSync(join(root, path)).isDirectory()) yield* filesUnder(path);
    else yield Buffer.concat([Buffer.from(path), readFileSync(join(root, path))]);
  }
}

/** PATH on which `node` is the pinned one. */
export function pathWithPinnedNode() {
  const separator = process.platform === "win32" ? ";" : ":";
  return [dirname(pinnedNode), join(root, "node_modules/.bin"), process.env.PATH].join(separator);
}

/** Runs a command to its end and answers its exit code and all that it printed. */
export function run(command, args, { env = process.env, shell = false, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0), output }),
    );
  });
}

/**
 * Becomes a script under the pinned Node: same terminal, same signals, same exit code. An interrupt from the terminal
 * reaches the script by itself; it is passed on as well for the case that only this process was told.
 */
export function become(script, args, env = {}) {
  const child = spawn(pinnedNode, [join(root, script), ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env, PATH: pathWithPinnedNode() },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/** Runs an entry, showing a {@link SetupError} as its sentence and its hint. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    process.stderr.write(
      error instanceof SetupError
        ? `\n${error.message}\n${error.hint}\n`
        : `\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
