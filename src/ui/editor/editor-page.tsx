"use client";
import { useQuery } from "@tanstack/react-query";
import { SearchX } from "lucide-react";
import dynamic from "next/dynamic";
import { useMe } from "../client/me.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { ButtonLink } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { useFlowLink } from "../flows/use-flow-link.ts";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState } from "../parts/states.tsx";

const Workbench = dynamic(() => import("./workbench.tsx"), {
  ssr: false,
  loading: () => <Waiting />,
});

/** The editor of a flow's draft. Its code is loaded once the facts of the flow are on their way. */
export function EditorPage({ slug }: { slug: string }) {
  const trpc = useTRPC();
  const { me, may } = useMe();
  const draft = useQuery(trpc.flow.draft.queryOptions({ slug }));
  useFlowLink(slug, draft.data?.slug);
  if (draft.error !== null) {
    const isMissing = batonError(draft.error).code === "not-found";
    return (
      <Page title={isMissing ? "There is no such flow" : "This draft could not be read"}>
        <Card flush>
          {isMissing ? (
            <EmptyState
              icon={<SearchX size={18} />}
              title={`Nothing is called "${slug}" here`}
              action={<ButtonLink href="/flows">All flows</ButtonLink>}
            >
              Ask who sent the link whether it belongs to another workspace.
            </EmptyState>
          ) : (
            <ErrorState error={draft.error} onRetry={() => void draft.refetch()} />
          )}
        </Card>
      </Page>
    );
  }
  if (draft.data === undefined || me === undefined) return <Waiting />;
  return (
    <Workbench
      key={draft.data.flowId}
      facts={draft.data}
      me={me}
      mayEdit={may("flow.edit")}
      mayComment={may("comment.write")}
    />
  );
}

function Waiting() {
  return (
    <div role="status" aria-label="Loading" className="flex h-dvh flex-col gap-4 p-4">
      <span className="skeleton h-8 w-64 max-w-full" />
      <span className="skeleton min-h-64 flex-1" />
    </div>
  );
}
