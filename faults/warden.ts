/**
 * Outlives the harness, however that ends, and then ends whatever is left of it: workers, also those that were stopped
 * in their tracks, servers of the database and their folders. Told of them in lines of JSON; the end of these is the harness's end.
 */
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Notice } from "./leave-nothing.ts";

const processes = new Set<number>();
const servers = new Set<number>();
const folders = new Set<string>();

// An interrupt from the terminal reaches all processes at once: this one still has to tidy up.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const notice = JSON.parse(line) as Notice;
  if ("process" in notice) processes.add(notice.process);
  else if ("server" in notice) servers.add(notice.server);
  else if ("folder" in notice) folders.add(notice.folder);
  else {
    processes.delete(Number(notice.gone));
    servers.delete(Number(notice.gone));
    folders.delete(String(notice.gone));
  }
}

for (const pid of processes) tell(pid, "SIGKILL");
// At once: what they hold is thrown away.
for (const pid of servers) tell(pid, "SIGQUIT");
const until = Date.now() + 10_000;
while ([...servers].some((pid) => tell(pid, 0)) && Date.now() < until) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
for (const pid of servers) tell(pid, "SIGKILL");
for (const folder of folders) rmSync(folder, { recursive: true, force: true });

/** False: there is no such process. */
function tell(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
