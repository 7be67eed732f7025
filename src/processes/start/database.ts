import { BatonError, isObject, messageOf } from "#base/index.ts";
import { type Database, installationSealer, type Queryable, type Sealer } from "#platform/index.ts";

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

/**
 * Makes sure that this process has the key of the installation: with another one it could neither read secrets nor
 * know the sessions that its siblings begin. The first process of an installation leaves the mark.
 */
export async function checkKey(
  db: { readonly pool: Queryable },
  sealer: Pick<Sealer, "derive"> = installationSealer(),
): Promise<void> {
  const mark = sealer.derive("mark of the installation's key");
  await db.pool.query(
    "insert into instance (key, value) values ('key-mark', $1) on conflict (key) do nothing",
    [mark],
  );
  const { rows } = await db.pool.query<{ value: string }>(
    "select value from instance where key = 'key-mark'",
  );
  if (rows[0]?.value === mark) return;
  throw new BatonError(
    "misconfigured",
    "This installation was begun with another key than the one given here.",
    {
      hint: "Set BATON_SECRET_KEY to the same text on every machine, or copy secret.key from the first machine's BATON_HOME. If that key is lost for good, delete the row key-mark of the table instance and set all secrets again.",
    },
  );
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
