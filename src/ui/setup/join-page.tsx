"use client";
import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useState, type FormEvent } from "react";
import { useIsHydrated } from "../client/hydrated.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Field, Input } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { signIn } from "../shell/session.ts";
import { Entry } from "./entry.tsx";
import { fieldErrors } from "./field-errors.ts";
import { NewPassword } from "./new-password.tsx";

export function JoinPage() {
  const trpc = useTRPC();
  const token = useSearchParams().get("token") ?? "";
  const join = useMutation(trpc.setup.join.mutationOptions());
  const isHydrated = useIsHydrated();
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get("password") ?? "");
    try {
      const joined = await join.mutateAsync({ token, name: String(form.get("name") ?? "").trim(), password });
      const said = await signIn(joined.email, password);
      if (said === null) location.assign("/");
      else setProblem(said);
    } catch {
      // Shown by the form.
    }
  };
  const errors = fieldErrors(join.error);
  return (
    <Entry title="Join the workspace" about="You were invited. Choose a name and a password.">
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        <Field label="Your name" error={errors["name"]}>
          {(ids) => <Input {...ids} name="name" autoComplete="name" required autoFocus />}
        </Field>
        <NewPassword error={errors["password"] ?? problem} />
        {Object.keys(errors).length > 0 ? null : <FormError error={join.error} />}
        <Button type="submit" tone="primary" busy={join.isPending} disabled={!isHydrated}>
          Join
        </Button>
      </form>
    </Entry>
  );
}
