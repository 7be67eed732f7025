import type { Metadata } from "next";
import { Suspense } from "react";
import { FlowPage } from "#ui/flows/flow-page.tsx";

export const metadata: Metadata = { title: "Flow" };

export default async function Route({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  return (
    <Suspense>
      <FlowPage slug={decodeURIComponent(slug)} />
    </Suspense>
  );
}
