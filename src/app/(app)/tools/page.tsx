import type { Metadata } from "next";
import { Suspense } from "react";
import { ToolsPage } from "#ui/tools/tools-page.tsx";

export const metadata: Metadata = { title: "Tools" };

export default function Route() {
  return (
    <Suspense>
      <ToolsPage />
    </Suspense>
  );
}
