import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { transaction } from "./database/database.ts";
import { createListener, notify } from "./notify.ts";
import { startTestDatabase, type TestDatabase } from "./testing.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await startTestDatabase();
});
afterAll(() => test.close());

const cutListeners = () =>
  test.db.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'baton listener' and datname = current_database()",
  );

describe("createListener", () => {
  it("hears what is committed, in order, and nothing of what is rolled back", async () => {
    const listener = createListener(test.url);
    const heard: string[] = [];
    const last = Promise.withResolvers<void>();
    await listener.listen("run", (payload) => {
      heard.push(payload);
      if (payload === "end") last.resolve();
    });
    await transaction(test.db, (tx) => notify(tx, "run", "one"));
    await transaction(test.db, async (tx) => {
      await notify(tx, "run", "never");
      throw new Error("no");
    }).catch(() => undefined);
    await notify(test.db.pool, "workspace", "another channel");
    await notify(test.db.pool, "run", "end");
    await last.promise;
    expect(heard).toEqual(["one", "end"]);
    await listener.close();
  });

  it("connects again after a break, says so, and hears all its channels again", async () => {
    const listener = createListener(test.url, { delay: () => 1 });
    const heard = { run: Promise.withResolvers<string>(), inbox: Promise.withResolvers<string>() };
    await listener.listen("run", heard.run.resolve);
    await listener.listen("inbox", heard.inbox.resolve);
    const back = Promise.withResolvers<void>();
    listener.onReconnect(back.resolve);
    await cutListeners();
    await back.promise;
    await notify(test.db.pool, "run", "after");
    await notify(test.db.pool, "inbox", "too");
    expect(await heard.run.promise).toBe("after");
    expect(await heard.inbox.promise).toBe("too");
    await listener.close();
  });

  it("keeps serving others when one reaction throws, and stops when told", async () => {
    const listener = createListener(test.url);
    const stopped: string[] = [];
    const done = Promise.withResolvers<string>();
    await listener.listen("stream", () => {
      throw new Error("Mine.");
    });
    const stop = await listener.listen("stream", (payload) => stopped.push(payload));
    stop();
    await listener.listen("stream", done.resolve);
    await notify(test.db.pool, "stream", "run_1 key");
    expect(await done.promise).toBe("run_1 key");
    expect(stopped).toEqual([]);
    await listener.close();
  });

  it("fails to begin where there is no database", async () => {
    const url = new URL(test.url);
    url.pathname = "/nowhere";
    await expect(createListener(url.href).listen("run", () => undefined)).rejects.toThrow(/nowhere/);
  });
});
