import { describe, expect, it } from "vitest";
import {
  type Child,
  type Ending,
  misconfiguredExit,
  restartDelay,
  supervise,
  type SupervisorOptions,
} from "./supervisor.ts";

type Fake = Child & { readonly log: string[]; end(ending?: Partial<Ending>): void; beReady(): void };

function fakeChild(): Fake {
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Ending>();
  const log: string[] = [];
  return {
    pid: 1,
    log,
    ready: ready.promise,
    ended: ended.promise,
    askToStop: () => log.push("ask"),
    kill() {
      log.push("kill");
      ended.resolve({ code: null, signal: "SIGKILL" });
    },
    end: (ending = {}) => ended.resolve({ code: 1, signal: null, ...ending }),
    beReady: () => ready.resolve(),
  };
}

/** A supervisor whose children, clock and sleep the test holds in its hands. */
function scene(options: Partial<SupervisorOptions> = {}) {
  const children: Fake[] = [];
  const said: string[] = [];
  const slept: number[] = [];
  const waiting: { started: PromiseWithResolvers<Fake> }[] = [];
  let time = 0;
  const supervised = supervise({
    name: "worker",
    say: (text) => said.push(text),
    start() {
      const child = fakeChild();
      children.push(child);
      waiting.shift()?.started.resolve(child);
      return child;
    },
    now: () => time,
    sleep: async (milliseconds) => void slept.push(milliseconds),
    ...options,
  });
  return {
    supervised,
    children,
    said,
    slept,
    pass: (milliseconds: number) => void (time += milliseconds),
    /** The child at this place, once it was started. */
    async child(index: number): Promise<Fake> {
      for (;;) {
        const there = children[index];
        if (there !== undefined) return there;
        const started = Promise.withResolvers<Fake>();
        waiting.push({ started });
        await started.promise;
      }
    },
  };
}

describe("supervise", () => {
  it("is ready when the child says so", async () => {
    const { supervised, children } = scene();
    children[0]?.beReady();
    await supervised.ready;
    expect(children).toHaveLength(1);
  });

  it("starts a child that ended again, says why, and waits longer each time in a row", async () => {
    const { child, said, slept } = scene();
    (await child(0)).beReady();
    await (
      await child(0)
    ).ready;
    (await child(0)).end({ code: null, signal: "SIGKILL" });
    (await child(1)).end({ code: 3 });
    (await child(2)).end();
    await child(3);
    expect(slept).toEqual([1, 2, 3].map(restartDelay));
    expect(said[0]).toBe("worker ended unexpectedly (signal SIGKILL); starting it again in 0.5 s.");
    expect(said[1]).toContain("exit code 3");
  });

  it("never waits longer than ten seconds", () => {
    expect(restartDelay(40)).toBe(10_000);
  });

  it("counts from one again after a child that had settled", async () => {
    const { child, slept, pass } = scene({ settledAfter: 1000 });
    (await child(0)).beReady();
    await (
      await child(0)
    ).ready;
    (await child(0)).end();
    (await child(1)).end();
    await child(2);
    pass(1000);
    (await child(2)).end();
    await child(3);
    expect(slept).toEqual([restartDelay(1), restartDelay(2), restartDelay(1)]);
  });

  it("tells about each crash before the next start", async () => {
    const order: string[] = [];
    const { child } = scene({ onCrash: async (_, ending) => void order.push(`crash ${ending.code}`) });
    (await child(0)).end({ code: 9 });
    await child(1);
    expect(order).toEqual(["crash 9"]);
  });

  it("goes on when telling about a crash fails", async () => {
    const { child, said } = scene({ onCrash: () => Promise.reject(new Error("no database")) });
    (await child(0)).end();
    await child(1);
    expect(said).toContain("After the end of worker: no database");
  });

  it("gives up a child that was never ready after three tries", async () => {
    const { supervised, child, children } = scene();
    for (const index of [0, 1, 2]) (await child(index)).end();
    await expect(supervised.ready).rejects.toThrow("worker did not start (exit code 1).");
    expect(children).toHaveLength(3);
  });

  it("gives up at once when the child is set up wrongly", async () => {
    const { supervised, child, children } = scene();
    (await child(0)).end({ code: misconfiguredExit });
    await expect(supervised.ready).rejects.toThrow(/did not start/);
    expect(children).toHaveLength(1);
  });

  it("renews a child that is asked to begin anew, without calling that a crash", async () => {
    const { supervised, child, said, slept } = scene();
    const first = await child(0);
    first.beReady();
    await supervised.ready;
    supervised.restart();
    supervised.restart();
    expect(first.log).toEqual(["ask"]);
    first.end({ code: 0 });
    await child(1);
    expect(said).toEqual([]);
    expect(slept).toEqual([]);
  });

  it("ends the child in order, and starts it no more", async () => {
    const { supervised, child, children } = scene({ sleep: () => new Promise(() => undefined) });
    const first = await child(0);
    const stopped = supervised.stop(1000);
    expect(first.log).toEqual(["ask"]);
    first.end({ code: 0 });
    await Promise.race([stopped, Promise.resolve()]);
    expect(children).toHaveLength(1);
    expect(first.log).toEqual(["ask"]);
  });

  it("kills a child that does not end within the grace", async () => {
    const { supervised, child, said } = scene({ sleep: async () => undefined });
    const first = await child(0);
    await supervised.stop(2000);
    expect(first.log).toEqual(["ask", "kill"]);
    expect(said).toEqual(["worker did not end within 2 s and is killed."]);
  });
});
