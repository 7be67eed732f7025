import type { Metadata } from "next";
import { ToolsPage } from "#ui/tools/tools-page.tsx";

export const metadata: Metadata = { title: "Tools" };

export default function Route() {
  return <ToolsPage />;
}
