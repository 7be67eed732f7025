/** The `baton` command. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BatonError } from "#base/index.ts";
import { projectFolder } from "#platform/index.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { help } from "./help.ts";
import { runCommand } from "./run/command.ts";
import { validateCommand } from "./validate.ts";

async function main(words: readonly string[]): Promise<ExitCode> {
  const [command, ...rest] = words;
  switch (command) {
    case "validate":
      return validateCommand(rest);
    case "run":
      return runCommand(rest);
    case "help":
    case "--help":
    case "-h":
      process.stdout.write(help);
      return exitCodes.ok;
    case undefined:
      process.stderr.write(help);
      return exitCodes.usage;
    default:
      throw new BatonError("bad-input", `There is no command "${command}".`, { hint: "See baton help." });
  }
}

const environmentFile = join(projectFolder, ".env");
if (existsSync(environmentFile)) process.loadEnvFile(environmentFile);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (BatonError.isInstance(error)) {
    process.stderr.write(`${error.message}\n${error.hint === undefined ? "" : `${error.hint}\n`}`);
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  process.exitCode = exitCodes.usage;
}
