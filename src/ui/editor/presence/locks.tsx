"use client";
import { createContext, use, useCallback, useMemo, useRef, type ReactNode } from "react";
import type { LiveClient, Person } from "#collab/client.ts";
import { claimField, holderOf, type Claim } from "./claims.ts";

type Locks = {
  /** Who else holds a field of the shown task. */
  holder(field: string): Person | null;
  start(field: string): void;
  end(field: string): void;
  takeOver(field: string): void;
};
const LocksContext = createContext<Locks>({
  holder: () => null,
  start() {},
  end() {},
  takeOver() {},
});

/** Lets the fields of a task's form tell others that they are being edited, and hear it of others. */
export function FieldLocks({
  client,
  people,
  node,
  children,
}: {
  client: LiveClient;
  people: readonly Person[];
  /** The task that the form shows, by node. */
  node: string;
  children: ReactNode;
}) {
  const own = useRef<Claim | null>(null);
  const say = useCallback(
    (claim: Claim | null) => {
      own.current = claim;
      client.present(claimField, claim);
    },
    [client],
  );
  const locks = useMemo<Locks>(() => {
    const held = (field: string) => holderOf(people, node, field);
    const isOwn = (field: string): boolean => own.current?.node === node && own.current.field === field;
    return {
      holder: (field) => {
        const holder = held(field);
        return holder === null || holder.person.self ? null : holder.person;
      },
      start: (field) => {
        if (!isOwn(field)) say({ node, field, turn: 1 });
      },
      end: (field) => {
        if (isOwn(field)) say(null);
      },
      takeOver: (field) => say({ node, field, turn: (held(field)?.turn ?? 0) + 1 }),
    };
  }, [people, node, say]);
  return <LocksContext value={locks}>{children}</LocksContext>;
}

export function useLocks(): Locks {
  return use(LocksContext);
}

/** Says who is editing a field, and offers to take it over. */
export function LockNote({ by, onTakeOver }: { by: Person; onTakeOver: (() => void) | null }) {
  return (
    <p role="status" className="flex flex-wrap items-center gap-x-2 [font:var(--type-12)]">
      <span aria-hidden className="size-2 rounded-full" style={{ background: by.color }} />
      <span>{by.name} is editing this</span>
      {onTakeOver === null ? null : (
        <button
          type="button"
          onClick={onTakeOver}
          className="text-(--accent-text) hover:underline pointer-coarse:min-h-11"
        >
          Take over
        </button>
      )}
    </p>
  );
}
