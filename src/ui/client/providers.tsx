"use client";
import { QueryClientProvider } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { makeQueryClient, makeTrpcClient, TRPCProvider } from "./trpc.ts";
import { ToastArea } from "../parts/toast.tsx";

export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient);
  const [client] = useState(makeTrpcClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        <ToastArea>{children}</ToastArea>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
