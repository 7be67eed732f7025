import { z } from "zod";
import { BatonError, type WorkspaceId } from "#base/index.ts";
import { type Database, parseEgressList, transaction } from "#platform/index.ts";
import { writeAudit } from "../audit/audit.ts";
import { settingsPolicy } from "../policy/settings.ts";
import { authorize, systemScope, type Scope } from "../scope.ts";
import * as store from "./store.ts";

/**
 * Which places a workspace's tools may reach, of those that the installation lets through. `only` lists them as `host`,
 * `host:port`, `scheme://host:port` or `*.example.com`; null: all of them.
 */
export type EgressRules = { readonly only: readonly string[] | null };

/** Most places that a workspace can list. */
export const mostPlaces = 500;

const stored = z.object({ only: z.array(z.string()).nullable() });

function rulesOf(value: string | null): EgressRules {
  return value === null ? { only: null } : stored.parse(JSON.parse(value));
}

export async function readEgress(db: Database, scope: Scope): Promise<EgressRules> {
  authorize(scope, settingsPolicy.seeEgress);
  return rulesOf(await store.readEgress(scope, db));
}

/** What a worker keeps to. Asked for each call, so that a change counts from the next one on. */
export async function egressOf(db: Database, workspace: WorkspaceId): Promise<EgressRules> {
  return rulesOf(await store.readEgress(systemScope(workspace, "egress"), db));
}

/** Sets the rules; they count from the next call on. Fails with "bad-input" where a place can't be read, naming all of these. */
export async function setEgress(db: Database, scope: Scope, { only }: EgressRules): Promise<EgressRules> {
  authorize(scope, settingsPolicy.changeEgress);
  const rules = { only: only === null ? null : checked(only) };
  await transaction(db, async (tx) => {
    const before = rulesOf(await store.lockEgress(scope, tx));
    if (JSON.stringify(before) === JSON.stringify(rules)) return;
    await store.writeEgress(scope, tx, JSON.stringify(rules));
    await writeAudit(tx, scope, {
      action: "egress.changed",
      subject: { kind: "workspace", id: scope.workspaceId },
      body: { before: before.only === null ? null : [...before.only], after: rules.only },
    });
  });
  return rules;
}

function checked(given: readonly string[]): string[] {
  const places = [...new Set(given.map((place) => place.trim()).filter((place) => place !== ""))];
  if (places.length > mostPlaces)
    throw unreadable([`A workspace lists at most ${mostPlaces} places; these are ${places.length}.`]);
  const wrong = places.filter((place) => !isPlace(place));
  if (wrong.length > 0) {
    const named = wrong.slice(0, 5).map((place) => `"${place.slice(0, 80)}"`);
    const more = wrong.length > 5 ? ` and ${wrong.length - 5} more` : "";
    throw unreadable([`Not a place: ${named.join(", ")}${more}.`]);
  }
  return places;
}

function isPlace(text: string): boolean {
  try {
    return parseEgressList(text).length === 1;
  } catch {
    return false;
  }
}

function unreadable(errors: string[]): BatonError {
  const hint = "Write one place a line: host, host:port, scheme://host:port or *.example.com.";
  return new BatonError("bad-input", errors.join(" "), {
    hint,
    details: { fields: { only: [...errors, hint] } },
  });
}
