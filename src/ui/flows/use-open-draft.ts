"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTRPC } from "../client/trpc.ts";

/** Makes a flow whose draft is a text, and goes to it in the editor. */
export function useOpenDraft() {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  return useMutation(
    trpc.flow.create.mutationOptions({
      onSuccess: ({ slug }) => {
        void queries.invalidateQueries({ queryKey: trpc.flow.list.pathKey() });
        router.push(`/flows/${encodeURIComponent(slug)}/edit`);
      },
    }),
  );
}
