import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { projectFolder } from "#platform/index.ts";
import { exitCodes } from "./exit.ts";
import { problemLine, readFlowFile } from "./read-flow.ts";
import { validateCommand } from "./validate.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-validate-"));
afterAll(() => rmSync(folder, { recursive: true }));

function validate(words: readonly string[]): { code: number; printed: string } {
  let printed = "";
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    return { code: validateCommand(words), printed };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

test("problems are told as FILE:line:column, and an error fails the command", () => {
  const file = join(folder, "broken.yaml");
  writeFileSync(file, "id: x\ntasks:\n  - id: a\n    logg: hi\n");
  expect(validate([file])).toEqual({
    code: exitCodes.failed,
    printed: `${file}:4:5 error [L7] There is no key "logg" here. Did you mean "log"?\n`,
  });
  expect(JSON.parse(validate([file, "--json"]).printed)).toMatchObject({
    file,
    line: 4,
    column: 5,
    rule: "L7",
  });
});

test("a warning does not fail the command, a file that can't be read does", () => {
  const file = join(folder, "warned.yaml");
  writeFileSync(file, "id: x\nagents: { idle: {} }\ntasks: [{ id: a, log: hi }]\n");
  const { code, printed } = validate([file]);
  expect(code).toBe(exitCodes.ok);
  expect(printed).toContain("warning [V11]");
  expect(() => validate([join(folder, "missing.yaml")])).toThrow(/can't be read/);
  expect(() => validate([])).toThrow(/needs the file/);
  expect(() => validate(["--nope"])).toThrow(/--nope/);
});

const blueprints = readdirSync(join(projectFolder, "blueprints")).filter((name) => name.endsWith(".yaml"));

test.each(blueprints)("the blueprint %s has no problems, and its id is its file's name", (name) => {
  const { parsed, problems } = readFlowFile(join(projectFolder, "blueprints", name));
  expect(problems.map((problem) => problemLine(name, problem))).toEqual([]);
  expect(`${parsed.flow?.id}.yaml`).toBe(name);
});
