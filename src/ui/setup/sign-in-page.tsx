"use client";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useState, type FormEvent } from "react";
import { useIsHydrated } from "../client/hydrated.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Field, Input } from "../parts/field.tsx";
import { signIn } from "../shell/session.ts";
import { Entry } from "./entry.tsx";

export function SignInPage() {
  const trpc = useTRPC();
  const next = useSearchParams().get("next");
  const setup = useQuery(trpc.setup.state.queryOptions());
  const isHydrated = useIsHydrated();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    const said = await signIn(String(form.get("email") ?? "").trim(), String(form.get("password") ?? ""));
    // Only places of this site: anything else could lead away.
    if (said === null) location.assign(next !== null && /^\/(?![/\\])/.test(next) ? next : "/");
    else {
      setProblem(said);
      setIsBusy(false);
    }
  };
  return (
    <Entry
      title="Sign in"
      about={
        setup.data?.needed === true
          ? "Nobody has an account yet: open the setup link that the terminal printed."
          : "To your team's workspace."
      }
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        <Field label="E-mail">
          {(ids) => <Input {...ids} name="email" type="email" autoComplete="username" required autoFocus />}
        </Field>
        <Field label="Password" error={problem}>
          {(ids) => (
            <Input {...ids} name="password" type="password" autoComplete="current-password" required />
          )}
        </Field>
        <Button type="submit" tone="primary" busy={isBusy} disabled={!isHydrated}>
          Sign in
        </Button>
      </form>
    </Entry>
  );
}
