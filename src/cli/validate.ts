import { BatonError } from "#base/index.ts";
import { readArguments } from "./arguments.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { problemLine, readFlowFile } from "./read-flow.ts";

/** Checks files; "failed" when one has an error. Warnings are told and do no harm. */
export function validateCommand(words: readonly string[]): ExitCode {
  const { values, positionals } = readArguments(words, { json: { type: "boolean" } });
  if (positionals.length === 0) {
    throw new BatonError("bad-input", "baton validate needs the file of a flow.", {
      hint: "See baton help.",
    });
  }
  let code: ExitCode = exitCodes.ok;
  for (const file of positionals) {
    const { problems } = readFlowFile(file);
    for (const problem of problems) {
      process.stdout.write(
        `${values.json ? JSON.stringify({ file, ...problem }) : problemLine(file, problem)}\n`,
      );
    }
    if (problems.some((problem) => problem.severity === "error")) code = exitCodes.failed;
    else if (!values.json) process.stderr.write(`${file}: ready to run\n`);
  }
  return code;
}
