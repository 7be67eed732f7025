import type { Random } from "./random.ts";
import type { Receiver } from "./receiver.ts";
import type { Server, Site } from "./site.ts";

/** What a scenario is given. */
export type Stage = {
  readonly short: boolean;
  readonly random: Random;
  readonly server: Server;
  readonly site: Site;
  readonly receiver: Receiver;
  /** For worker processes: all but the database's address. */
  readonly environment: Readonly<Record<string, string>>;
};

/** A fault and what must hold in spite of it. Throws when it does not; answers what was measured. */
export type Scenario = {
  readonly name: string;
  /** It mostly waits: played side by side with others of its kind. */
  readonly waits: boolean;
  /** It breaks the database's server, and needs one of its own. */
  readonly breaksServer?: boolean;
  readonly run: (stage: Stage) => Promise<Readonly<Record<string, number | string>>>;
};
