"use client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useState, type FormEvent } from "react";
import { useIsHydrated } from "../client/hydrated.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Field, Input } from "../parts/field.tsx";
import { FormError } from "../parts/states.tsx";
import { signIn } from "../shell/session.ts";
import { Entry } from "./entry.tsx";
import { fieldErrors } from "./field-errors.ts";
import { NewPassword } from "./new-password.tsx";

type Provider = "simulated" | "openai" | "anthropic" | "openai-compatible";
const providers: readonly { provider: Provider; title: string; hint: string }[] = [
  {
    provider: "simulated",
    title: "Simulated model",
    hint: "No key needed. Every flow runs at once; its words are marked.",
  },
  { provider: "openai", title: "OpenAI", hint: "Needs an API key." },
  { provider: "anthropic", title: "Anthropic", hint: "Needs an API key." },
  {
    provider: "openai-compatible",
    title: "A server that speaks OpenAI's format",
    hint: "Ollama, vLLM, a gateway.",
  },
];

/** The one form between the terminal's link and a running flow. */
export function SetupPage() {
  const trpc = useTRPC();
  const token = useSearchParams().get("token") ?? "";
  const state = useQuery(trpc.setup.state.queryOptions());
  const create = useMutation(trpc.setup.create.mutationOptions());
  const isHydrated = useIsHydrated();
  const [provider, setProvider] = useState<Provider>("simulated");
  const [signInProblem, setSignInProblem] = useState<string | null>(null);
  const [isEntering, setIsEntering] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    const optional = (name: string) => (text(name) === "" ? {} : { [name]: text(name) });
    const password = String(form.get("password") ?? "");
    setSignInProblem(null);
    try {
      await create.mutateAsync({
        token,
        name: text("name"),
        email: text("email"),
        password,
        workspace: text("workspace"),
        provider: { provider, ...optional("key"), ...optional("baseUrl"), ...optional("model") },
      });
    } catch {
      return;
    }
    setIsEntering(true);
    const problem = await signIn(text("email"), password);
    if (problem === null) location.assign("/flows/support-desk?welcome=1");
    else {
      setIsEntering(false);
      setSignInProblem(problem);
    }
  };

  if (state.data?.needed === false && !isEntering && !create.isSuccess) {
    return (
      <Entry
        title="Baton is set up already"
        about="The setup link works once. Ask an admin for an invitation if you have no account."
      >
        <ButtonLink href="/sign-in" tone="primary">
          Sign in
        </ButtonLink>
      </Entry>
    );
  }
  if (token === "") {
    return (
      <Entry
        title="Open the setup link"
        about="The terminal in which Baton was started prints a link with a one-time token. Open that one."
      >
        <p className="rounded-(--radius-2) bg-(--surface-3) px-3 py-2 [font:var(--type-code)]">
          http://localhost:…/setup?token=…
        </p>
      </Entry>
    );
  }
  const errors = fieldErrors(create.error);
  const hasFieldErrors = Object.keys(errors).length > 0;
  return (
    <Entry title="Create your workspace" about="You will be its owner. This takes less than a minute.">
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
        <Field label="Your name" error={errors["name"]}>
          {(ids) => <Input {...ids} name="name" autoComplete="name" required autoFocus />}
        </Field>
        <Field label="E-mail" error={errors["email"]}>
          {(ids) => <Input {...ids} name="email" type="email" autoComplete="email" required />}
        </Field>
        <NewPassword error={errors["password"]} />
        <Field label="Workspace" hint="Your team's name." error={errors["workspace"]}>
          {(ids) => <Input {...ids} name="workspace" required />}
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 font-medium">Model</legend>
          <div className="divide-y divide-(--border) rounded-(--radius-3) border border-(--border) bg-(--surface)">
            {providers.map((option) => (
              <label key={option.provider} className="flex cursor-pointer items-start gap-2.5 px-3 py-2">
                <input
                  type="radio"
                  name="provider"
                  value={option.provider}
                  checked={provider === option.provider}
                  onChange={() => setProvider(option.provider)}
                  className="mt-0.5 size-4 accent-(--accent)"
                />
                <span>
                  <span className="font-medium">{option.title}</span>
                  <span className="block text-(--text-2) [font:var(--type-12)]">{option.hint}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        {provider === "openai-compatible" ? (
          <Field
            label="Address"
            hint="For example http://localhost:11434/v1"
            error={errors["provider.baseUrl"]}
          >
            {(ids) => <Input {...ids} name="baseUrl" type="url" required />}
          </Field>
        ) : null}
        {provider === "simulated" ? null : (
          <>
            <Field label="Model name" hint="As the provider calls it." error={errors["provider.model"]}>
              {(ids) => <Input {...ids} name="model" required />}
            </Field>
            <Field
              label="API key"
              optional={provider === "openai-compatible"}
              hint="Kept sealed; nobody can read it again."
              error={errors["provider.key"]}
            >
              {(ids) => <Input {...ids} name="key" type="password" autoComplete="off" />}
            </Field>
          </>
        )}
        {hasFieldErrors ? null : <FormError error={create.error} />}
        {signInProblem === null ? null : (
          <p role="alert" className="text-(--fail)">
            {signInProblem}
          </p>
        )}
        <Button type="submit" tone="primary" busy={create.isPending || isEntering} disabled={!isHydrated}>
          Create workspace
        </Button>
        {create.error !== null && batonError(create.error).code === "conflict" ? (
          <ButtonLink href="/sign-in">Sign in instead</ButtonLink>
        ) : null}
      </form>
    </Entry>
  );
}
