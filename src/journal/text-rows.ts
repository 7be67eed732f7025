import type pg from "pg";

/** A value as it stands in a row: the text that Postgres writes it as. */
export type TextRow = readonly (string | null)[];

/** What of a connection carries out prepared statements; the types of pg leave some of it out. */
type Wire = Pick<pg.Connection, "stream"> & {
  readonly parsedStatements: { readonly [name: string]: string | undefined };
  parse(statement: { name: string; text: string; types: readonly number[] }): void;
  bind(values: {
    statement: string;
    values: readonly unknown[];
    valueMapper: (value: unknown) => string | null;
  }): void;
  execute(portal: { rows: number }): void;
  sync(): void;
};

/**
 * A prepared statement whose rows are wanted as texts in the order of its columns. pg's own query has the columns
 * described anew each time and makes an object of every row, which costs a short statement as much as it takes itself.
 * Carried out by `client.query`, as cursors are.
 */
export class TextRows implements pg.Submittable {
  readonly name: string;
  readonly text: string;
  readonly rows: Promise<readonly TextRow[]>;
  readonly #values: readonly unknown[];
  readonly #found: TextRow[] = [];
  #resolve: (rows: readonly TextRow[]) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  /** `values` are strings, numbers, booleans or null. */
  constructor(name: string, text: string, values: readonly unknown[]) {
    this.name = name;
    this.text = text;
    this.#values = values;
    this.rows = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    // One packet for all of it.
    wire.stream.cork();
    try {
      if (wire.parsedStatements[this.name] === undefined) {
        wire.parse({ name: this.name, text: this.text, types: [] });
      }
      wire.bind({ statement: this.name, values: this.#values, valueMapper: textOf });
      wire.execute({ rows: 0 });
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
  }

  handleDataRow({ fields }: { readonly fields: TextRow }): void {
    this.#found.push(fields);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#found);
  }

  handleError(error: Error): void {
    this.#reject(error);
  }

  // What pg calls besides, and what does not matter here.
  callback(): void {}
  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : String(value);
}
