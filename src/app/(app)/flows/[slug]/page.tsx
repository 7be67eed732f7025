import type { Metadata } from "next";
import { FlowPage } from "#ui/flows/flow-page.tsx";

export const metadata: Metadata = { title: "Flow" };

export default async function Route({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  return <FlowPage slug={decodeURIComponent(slug)} />;
}
