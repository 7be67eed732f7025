import { chmod, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTestServer, testHomeVariable } from "./src/platform/testing.ts";

const prefix = "baton-test-";

/**
 * Gives this vitest run a folder for its Postgres server, which starts when the first test asks for a database, and
 * removes it afterwards; also what runs that were killed left behind.
 */
export default async function setup(): Promise<() => Promise<void>> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const home = join(tmpdir(), name);
    const owner = Number(await readFile(join(home, "owner"), "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) await removeTestServer(home).catch(() => undefined);
  }
  const home = await mkdtemp(join(tmpdir(), prefix));
  await chmod(home, 0o755);
  await writeFile(join(home, "owner"), String(process.pid));
  process.env[testHomeVariable] = home;
  return () => removeTestServer(home);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
