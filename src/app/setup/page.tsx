import type { Metadata } from "next";
import { SetupPage } from "#ui/setup/setup-page.tsx";

export const metadata: Metadata = { title: "Create your workspace", referrer: "no-referrer" };

export default function Page() {
  return <SetupPage />;
}
