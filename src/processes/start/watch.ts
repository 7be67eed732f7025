import { watch } from "node:fs";

/** Whether a change of this file, relative to the sources, matters to web or worker. Pages reload by themselves. */
export function concernsServer(file: string): boolean {
  const path = file.replaceAll("\\", "/");
  return /\.(ts|json)$/.test(path) && !path.endsWith(".test.ts") && !/^(ui|app|cli)\//.test(path);
}

/** Calls `onChange` once after changes of the server's modules have come to rest. Answers how to stop. */
export function watchSources(folder: string, onChange: () => void, rest = 200): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true }, (_, file) => {
    if (file === null || !concernsServer(file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, rest);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
