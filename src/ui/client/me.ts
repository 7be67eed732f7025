"use client";
import { useQuery } from "@tanstack/react-query";
import type { Me } from "#api/index.ts";
import { useTRPC } from "./trpc.ts";

/** Who is signed in; `may` asks the same table that the server asserts. */
export function useMe() {
  const trpc = useTRPC();
  const query = useQuery(trpc.me.queryOptions(undefined, { staleTime: 60_000 }));
  return {
    me: query.data,
    error: query.error,
    may: (permission: Me["permissions"][number]) => query.data?.permissions.includes(permission) ?? false,
  };
}
