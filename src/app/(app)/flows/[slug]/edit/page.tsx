import type { Metadata } from "next";
import { EditorPage } from "#ui/editor/editor-page.tsx";

export const metadata: Metadata = { title: "Draft" };

export default async function Route({ params }: { params: Promise<{ slug: string }> }) {
  const { slug } = await params;
  return <EditorPage slug={decodeURIComponent(slug)} />;
}
