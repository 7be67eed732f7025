/** The child's side of `pool.ts`. Imports nothing: it is loaded in processes that may read next to nothing. */

/** What a child answers to one request. `last`: it ends itself after that. */
export type ChildAnswer<Reply> = { readonly reply: Reply; readonly last?: true };

/** Takes requests from the pool, one at a time, until the pool or its process is gone. */
export function serve<Request, Reply>(handle: (request: Request) => Promise<ChildAnswer<Reply>>): void {
  // Ctrl-C and a service manager's stop reach the whole group of processes. The worker decides when a child ends:
  // one that went first would make its call look failed.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // Not by exit, which waits for threads that may be busy with a query for hours.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.on("message", (request: Request) => {
    void handle(request).then((answer) => {
      process.send?.(answer, () => {
        if (answer.last) process.exit(1);
      });
    });
  });
  process.send?.({ ready: true });
}
