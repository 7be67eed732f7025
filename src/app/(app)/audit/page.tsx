import type { Metadata } from "next";
import { AuditPage } from "#ui/audit/audit-page.tsx";

export const metadata: Metadata = { title: "Audit" };

export default function Route() {
  return <AuditPage />;
}
