import { afterAll, beforeAll, expect, it } from "vitest";
import { errorOf, helloText, startTestApi, type TestApi, type TestMember } from "../testing.ts";

let api: TestApi;
let builder: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  builder = await api.member(await api.workspace("labels"), ["builder", "operator"], "Bea");
});
afterAll(() => api.close());

const labelled = (id: string): string => `labels: { team: support, tier: "2" }\n${helloText(id)}`;

it("finds flows by label, and runs by the labels of their flow and of their start", async () => {
  await builder.call.flow.publish({ text: labelled("with-labels"), message: "" });
  await builder.call.flow.publish({ text: helloText("without"), message: "" });
  const slugs = async (search: string): Promise<string[]> =>
    (await builder.call.flow.list({ search })).map((flow) => flow.slug);
  expect(await slugs("team: support")).toEqual(["with-labels"]);
  expect(await slugs("TIER=2")).toEqual(["with-labels"]);
  expect(await slugs("team: sales")).toEqual([]);

  const inputs = { name: "Ada" };
  const plain = await builder.call.run.start({ slug: "with-labels", inputs });
  const own = await builder.call.run.start({
    slug: "with-labels",
    inputs,
    labels: { tier: "3", customer: "a" },
  });
  const other = await builder.call.run.start({ slug: "without", inputs });
  const runs = async (label: string): Promise<string[]> =>
    (await builder.call.run.list({ label })).rows.map((run) => run.id);
  expect(await runs("team: support")).toEqual([own.id, plain.id]);
  expect(await runs("tier=2")).toEqual([plain.id]);
  expect(await runs("customer")).toEqual([own.id]);
  expect(await runs("nothing")).toEqual([]);
  expect((await builder.call.run.list({})).rows.map((run) => run.id)).toContain(other.id);
  expect((await builder.call.run.get({ id: own.id })).labels).toEqual({
    team: "support",
    tier: "3",
    customer: "a",
  });
});

it("refuses labels that are none, and says why", async () => {
  const error = await errorOf(
    builder.call.run.start({ slug: "with-labels", inputs: { name: "Ada" }, labels: { "a b": "x" } }),
  );
  expect(error).toMatchObject({
    code: "bad-input",
    message: expect.stringContaining('"a b" must start with a letter'),
  });
});
