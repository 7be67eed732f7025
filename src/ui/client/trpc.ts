"use client";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { QueryClient } from "@tanstack/react-query";
import type { inferRouterInputs } from "@trpc/server";
import superjson from "superjson";
import type { AppRouter, ErrorData } from "#api/index.ts";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

export function makeTrpcClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === "subscription",
        true: httpSubscriptionLink({ url: "/api/trpc", transformer: superjson }),
        // A flow's text does not fit into an address.
        false: httpBatchLink({ url: "/api/trpc", transformer: superjson, methodOverride: "POST" }),
      }),
    ],
  });
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server refused stays refused; what did not arrive is tried again.
        retry: (count, error) => count < 2 && batonError(error).code === "unavailable",
      },
    },
  });
}

export type ShownError = { code: string; message: string; hint: string | null; details: unknown };

/** What to show of an error, wherever it comes from. */
export function batonError(error: unknown): ShownError {
  const data = (error as { data?: { baton?: ErrorData } } | null)?.data?.baton;
  if (data !== undefined) return data;
  return {
    code: "unavailable",
    message: "Baton could not be reached.",
    hint: "Check that it is running and that you are online, then try again.",
    details: null,
  };
}

/** What the procedures take, by name. */
export type Inputs = inferRouterInputs<AppRouter>;
