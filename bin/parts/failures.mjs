// What failed, by name and with the first lines of why, from the reports of vitest and Playwright.
import { stripVTControlCharacters } from "node:util";

/** Lines of an error that are told here; the whole of it is further up in the output. */
const most = 6;

/** The first lines of an error, without colours and without the frames of its stack. */
function reason(message) {
  const lines = stripVTControlCharacters(message)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return lines.slice(0, most).map((line) => line.slice(0, 240));
}

/** `root` is cut off from the paths of files. */
export function vitestFailures(report, root) {
  const failures = [];
  for (const file of report?.testResults ?? []) {
    const where = file.name.replace(`${root}/`, "");
    const failed = file.assertionResults.filter(({ status }) => status === "failed");
    for (const { fullName, failureMessages } of failed)
      failures.push({ name: `${where} › ${fullName}`, why: reason(failureMessages?.[0] ?? "") });
    if (failed.length === 0 && file.status === "failed")
      failures.push({ name: where, why: reason(file.message ?? "") });
  }
  return failures;
}

/** Tests that failed, and those that passed only when they were tried again. */
export function playwrightFailures(report) {
  const failures = [];
  const visit = (suite) => {
    for (const spec of suite.specs ?? [])
      for (const test of spec.tests) {
        if (test.status !== "unexpected" && test.status !== "flaky") continue;
        const failed = test.results.find(({ status }) => status !== "passed" && status !== "skipped");
        const again = test.status === "flaky" ? " (passed when tried again)" : "";
        failures.push({
          name: `e2e/${spec.file}:${spec.line} › ${spec.title}${again}`,
          why: reason(failed?.errors?.[0]?.message ?? failed?.error?.message ?? failed?.status ?? ""),
        });
      }
    for (const inner of suite.suites ?? []) visit(inner);
  };
  for (const suite of report?.suites ?? []) visit(suite);
  for (const error of report?.errors ?? []) failures.push({ name: "e2e", why: reason(error.message ?? "") });
  return failures;
}

/** Names, each with its reason below it. */
export function tell(failures) {
  return failures.flatMap(({ name, why }) => [`  ${name}`, ...why.map((line) => `      ${line}`)]);
}
