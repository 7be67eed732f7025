/** Makes the next migration from what changed in schema.prisma: `npm run migration -- add-labels`; `--check` only tells. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { migrationsFolder } from "#platform/index.ts";
import { pendingSql } from "./engine.ts";

const [argument] = process.argv.slice(2);
const sql = await pendingSql();
if (argument === "--check") {
  if (sql !== "") {
    process.stderr.write(
      `prisma/schema.prisma and prisma/migrations differ. Run: npm run migration -- NAME\n\n${sql}`,
    );
    process.exitCode = 1;
  }
} else if (argument === undefined || !/^[a-z][a-z0-9-]*$/.test(argument)) {
  process.stderr.write(
    "Give the migration a name of small letters, digits and dashes: npm run migration -- add-labels\n",
  );
  process.exitCode = 1;
} else if (sql === "") {
  process.stdout.write("The schema has not changed since the last migration.\n");
} else {
  const stamp = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
  const folder = join(migrationsFolder, `${stamp}_${argument.replaceAll("-", "_")}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "migration.sql"), sql);
  process.stdout.write(`Written: ${join(folder, "migration.sql")}. Read it before you commit it.\n`);
}
