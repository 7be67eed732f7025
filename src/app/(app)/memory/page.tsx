import type { Metadata } from "next";
import { MemoryPage } from "#ui/memory/memory-page.tsx";

export const metadata: Metadata = { title: "Memory" };

export default function Route() {
  return <MemoryPage />;
}
