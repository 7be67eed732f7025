import { connect, createServer, type Socket } from "node:net";

/** A network between two processes that can be cut. Plain TCP. */
export type Proxy = {
  readonly port: number;
  /** From now on, new connections go there. */
  aim(port: number): void;
  /** Breaks every connection at once, as a cable that is pulled; new ones are refused for so many milliseconds. */
  cut(forMs: number): void;
  /** From now on, nothing comes back over the connections whose first bytes hold this text. Answers how many there are. */
  deafen(text: string): number;
  close(): Promise<void>;
};

export async function startProxy(target: number): Promise<Proxy> {
  let aim = target;
  let refusedUntil = 0;
  const open = new Map<Socket, { readonly far: Socket; head: string; deaf: boolean }>();
  const server = createServer((near) => {
    if (performance.now() < refusedUntil) return void near.destroy();
    const far = connect(aim, "127.0.0.1");
    const pair = { far, head: "", deaf: false };
    open.set(near, pair);
    const end = (): void => {
      open.delete(near);
      near.destroy();
      far.destroy();
    };
    near.on("data", (data) => {
      if (pair.head.length < 4000) pair.head += data.toString("latin1");
    });
    near.pipe(far);
    far.on("data", (data) => {
      if (!pair.deaf && !near.write(data)) {
        far.pause();
        near.once("drain", () => far.resume());
      }
    });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  const breakOff = (near: Socket): void => {
    open.get(near)?.far.resetAndDestroy();
    near.resetAndDestroy();
    open.delete(near);
  };
  return {
    port: address.port,
    aim(port) {
      aim = port;
    },
    cut(forMs) {
      refusedUntil = performance.now() + forMs;
      for (const near of [...open.keys()]) breakOff(near);
    },
    deafen(text) {
      const found = [...open.values()].filter(({ head }) => head.includes(text));
      for (const pair of found) pair.deaf = true;
      return found.length;
    },
    async close() {
      for (const near of [...open.keys()]) breakOff(near);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A database's address with the proxy's port in place of its own. */
export function through(url: string, proxy: Proxy): string {
  const changed = new URL(url);
  changed.port = String(proxy.port);
  return changed.href;
}
