import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "#base/index.ts";

/** A folder that this process alone uses, and that later ones use again. */
export type Slot = { readonly folder: string; release(): void };

/** Takes the first folder `cli-N` of the home that no living process has. */
export function takeSlot(home: string): Slot {
  for (let n = 1; ; n += 1) {
    const folder = join(home, `cli-${n}`);
    // The database's server may run as another user, who has to pass through.
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const file = join(folder, "cli.pid");
    if (!claim(file)) continue;
    return { folder, release: () => rmSync(file, { force: true }) };
  }
}

function claim(file: string): boolean {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
      return true;
    } catch (error) {
      if (!isObject(error) || error["code"] !== "EEXIST") throw error;
    }
    if (isAlive(file)) return false;
    rmSync(file, { force: true });
  }
  return false;
}

function isAlive(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8").trim());
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isObject(error) && error["code"] === "EPERM";
  }
}
