import { BatonError, isObject, messageOf } from "#base/index.ts";
import { type Database } from "#platform/index.ts";

const oldest = 15;

/** Makes sure that the database answers and is one that Baton can use. `given`: its address came from DATABASE_URL. */
export async function checkDatabase(db: Database, given: boolean): Promise<void> {
  let version: number;
  try {
    const { rows } = await db.pool.query<{ server_version_num: string }>("show server_version_num");
    version = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  } catch (cause) {
    throw given ? unreachable(db.url, cause) : cause;
  }
  if (version < oldest) {
    throw new BatonError(
      "misconfigured",
      `The database in DATABASE_URL is Postgres ${version}; Baton needs ${oldest} or newer.`,
      {
        hint: "Upgrade that server, or unset DATABASE_URL to use the embedded one.",
      },
    );
  }
}

/** The sentence for a database that can't be connected to. Names the server, never the password. */
export function unreachable(url: string, cause: unknown): BatonError {
  const { hostname, port, pathname, username } = new URL(url);
  const server = `${hostname}:${port === "" ? "5432" : port}`;
  const database = decodeURIComponent(pathname.slice(1));
  const code = isObject(cause) ? cause["code"] : undefined;
  const unset = "Correct DATABASE_URL, or unset it to use the embedded Postgres.";
  const make = (message: string, hint: string): BatonError =>
    new BatonError("misconfigured", message, { hint, cause });
  switch (code) {
    case "28P01":
    case "28000":
      return make(
        `The server ${server} in DATABASE_URL refuses the user "${decodeURIComponent(username)}" or its password.`,
        unset,
      );
    case "3D000":
      return make(
        `There is no database "${database}" on the server ${server} in DATABASE_URL.`,
        `Create it (createdb ${database}), or: ${unset}`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return make(`The host "${hostname}" in DATABASE_URL is not known.`, unset);
    case "ECONNREFUSED":
      return make(
        `Nothing answers at ${server}, which DATABASE_URL names.`,
        `Start that server, or: ${unset}`,
      );
    default:
      return make(`The database at ${server} in DATABASE_URL can't be reached: ${messageOf(cause)}.`, unset);
  }
}
