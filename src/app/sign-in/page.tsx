import type { Metadata } from "next";
import { SignInPage } from "#ui/setup/sign-in-page.tsx";

export const metadata: Metadata = { title: "Sign in", referrer: "no-referrer" };

export default function Page() {
  return <SignInPage />;
}
