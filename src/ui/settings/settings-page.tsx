"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState, type FormEvent } from "react";
import type { AliasRow, ProviderRow } from "#api/index.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Field, Input, Select } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { EmptyState, ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { useToast } from "../parts/toast.tsx";
import { fieldErrors } from "../setup/field-errors.ts";
import { Network } from "./network.tsx";

const names: Readonly<Record<ProviderRow["provider"], string>> = {
  simulated: "Simulated model",
  openai: "OpenAI",
  anthropic: "Anthropic",
  "openai-compatible": "OpenAI-compatible server",
};

/** Models, secrets that can be written but never read, and which places tools may reach. */
export function SettingsPage() {
  const trpc = useTRPC();
  const models = useQuery(trpc.settings.models.queryOptions());
  return (
    <Page title="Settings" about="Where models come from, and what flows may use without anyone seeing it.">
      {models.error !== null ? (
        <Card flush>
          <ErrorState error={models.error} onRetry={() => void models.refetch()} />
        </Card>
      ) : models.data === undefined ? (
        <Card flush>
          <SkeletonRows rows={6} />
        </Card>
      ) : (
        <>
          <Card title="Models by alias" flush>
            <p className="border-b border-(--border) px-4 py-3 text-(--text-2)">
              Flows ask for an alias. The alias decides which provider and model answers; "default" serves
              every flow that names none.
            </p>
            <Aliases aliases={models.data.aliases} providers={models.data.providers} />
          </Card>
          <Card title="Providers" flush>
            <ul className="divide-y divide-(--border)">
              {models.data.providers.map((provider) => (
                <Provider key={provider.provider} row={provider} />
              ))}
            </ul>
          </Card>
        </>
      )}
      <Secrets />
      <Network />
    </Page>
  );
}

function useModelsChanged(text: string) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  return async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: trpc.settings.pathKey() });
    say(text);
  };
}

const noLimits: AliasRow["limits"] = { maxCalls: null, callsPerMinute: null, tokensPerMinute: null };

const limitNames: Readonly<Record<keyof AliasRow["limits"], string>> = {
  maxCalls: "Calls at once",
  callsPerMinute: "Calls a minute",
  tokensPerMinute: "Tokens a minute",
};

/** The limits of an alias in a few words; empty where there are none. */
function wordsOfLimits({ maxCalls, callsPerMinute, tokensPerMinute }: AliasRow["limits"]): string {
  return [
    maxCalls === null ? null : `${maxCalls} at once`,
    callsPerMinute === null ? null : `${callsPerMinute} a minute`,
    tokensPerMinute === null ? null : `${tokensPerMinute} tokens a minute`,
  ]
    .filter((word) => word !== null)
    .join(", ");
}

function LimitFields({
  limits,
  onChange,
}: {
  limits: AliasRow["limits"];
  onChange: (limits: AliasRow["limits"]) => void;
}) {
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      {(Object.keys(limitNames) as (keyof AliasRow["limits"])[]).map((name) => (
        <Field key={name} label={limitNames[name]} optional>
          {(ids) => (
            <Input
              {...ids}
              type="number"
              min={1}
              step={1}
              inputMode="numeric"
              placeholder="no limit"
              value={limits[name] ?? ""}
              onChange={(event) => {
                const value = event.target.valueAsNumber;
                onChange({ ...limits, [name]: Number.isNaN(value) ? null : value });
              }}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

function Aliases({
  aliases,
  providers,
}: {
  aliases: readonly AliasRow[];
  providers: readonly ProviderRow[];
}) {
  const trpc = useTRPC();
  const onSuccess = useModelsChanged("The alias is saved. Runs use it from their next model call on.");
  const set = useMutation(trpc.settings.setAlias.mutationOptions({ onSuccess }));
  const [editing, setEditing] = useState<AliasRow>({
    alias: "",
    provider: "simulated",
    model: "simulated",
    inputPrice: null,
    outputPrice: null,
    contextTokens: null,
    limits: noLimits,
  });
  const known = providers.find((provider) => provider.provider === editing.provider)?.models ?? [];
  return (
    <>
      <ul className="divide-y divide-(--border)">
        {aliases.map((row) => (
          <li key={row.alias} className="flex min-h-11 flex-wrap items-center gap-3 px-4 py-1.5">
            <span className="w-full font-semibold sm:w-32 [font-family:var(--font-code)]">{row.alias}</span>
            <span className="min-w-0 flex-1 truncate">
              {row.model}{" "}
              <span className="text-(--text-2)">
                from {names[row.provider as ProviderRow["provider"]] ?? row.provider}
                {wordsOfLimits(row.limits) === "" ? null : `, at most ${wordsOfLimits(row.limits)}`}
              </span>
            </span>
            <Button size="small" onClick={() => setEditing(row)}>
              Change
            </Button>
          </li>
        ))}
      </ul>
      <form
        className="flex flex-col gap-3 border-t border-(--border) p-4"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({
            alias: editing.alias.trim(),
            provider: editing.provider as ProviderRow["provider"],
            model: editing.model.trim(),
            inputPrice: editing.inputPrice,
            outputPrice: editing.outputPrice,
            contextTokens: editing.contextTokens,
            limits: editing.limits,
          });
        }}
      >
        <div className="grid gap-3 sm:grid-cols-[1fr_1fr_1.4fr]">
          <Field label="Alias">
            {(ids) => (
              <Input
                {...ids}
                value={editing.alias}
                placeholder="smart"
                onChange={(event) => setEditing({ ...editing, alias: event.target.value })}
              />
            )}
          </Field>
          <Field label="Provider">
            {(ids) => (
              <Select
                {...ids}
                value={editing.provider}
                onChange={(event) =>
                  setEditing({
                    ...editing,
                    provider: event.target.value,
                    model: event.target.value === "simulated" ? "simulated" : "",
                  })
                }
              >
                {providers.map((provider) => (
                  <option key={provider.provider} value={provider.provider}>
                    {names[provider.provider]}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Model">
            {(ids) => (
              <>
                <Input
                  {...ids}
                  list="known-models"
                  value={editing.model}
                  disabled={editing.provider === "simulated"}
                  onChange={(event) => setEditing({ ...editing, model: event.target.value })}
                />
                <datalist id="known-models">
                  {known.map((model) => (
                    <option key={model} value={model} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </div>
        {editing.provider === "simulated" ? null : (
          <div className="grid gap-3 sm:grid-cols-3">
            {(
              [
                ["inputPrice", "Price of a million tokens in"],
                ["outputPrice", "Price of a million tokens out"],
                ["contextTokens", "Context size, in tokens"],
              ] as const
            ).map(([name, label]) => (
              <Field
                key={name}
                label={label}
                optional
                error={fieldErrors(set.error)[name] ?? null}
                hint="Empty: what is known of the model"
              >
                {(ids) => (
                  <Input
                    {...ids}
                    type="number"
                    min={0}
                    step="any"
                    value={editing[name] ?? ""}
                    onChange={(event) =>
                      setEditing({
                        ...editing,
                        [name]: event.target.value === "" ? null : Number(event.target.value),
                      })
                    }
                  />
                )}
              </Field>
            ))}
          </div>
        )}
        <LimitFields limits={editing.limits} onChange={(limits) => setEditing({ ...editing, limits })} />
        <FormError error={set.error} />
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="min-w-0 flex-1 basis-64 text-(--text-3)">
            Limits hold over all workers. Calls beyond them wait for their turn, the oldest first.
          </p>
          <Button
            type="submit"
            tone="primary"
            busy={set.isPending}
            disabled={editing.alias.trim() === "" || editing.model.trim() === ""}
          >
            Save alias
          </Button>
        </div>
      </form>
    </>
  );
}

function Provider({ row }: { row: ProviderRow }) {
  const trpc = useTRPC();
  const [isOpen, setIsOpen] = useState(false);
  const onSuccess = useModelsChanged(`${names[row.provider]} is saved.`);
  const set = useMutation(
    trpc.settings.setProvider.mutationOptions({
      onSuccess: async () => {
        setIsOpen(false);
        await onSuccess();
      },
    }),
  );
  const keyWords =
    row.provider === "simulated"
      ? "needs no key"
      : row.key === "environment"
        ? "key from the environment"
        : row.key === "secret"
          ? "key is set"
          : "no key";
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const key = String(form.get("key") ?? "");
    set.mutate({
      provider: row.provider,
      baseUrl: String(form.get("baseUrl") ?? "").trim(),
      ...(key === "" ? {} : { key }),
    });
  };
  return (
    <li className="px-4 py-2">
      <div className="flex min-h-8 items-center gap-3">
        <KeyRound
          aria-hidden
          size={14}
          className={row.key === "none" && row.provider !== "simulated" ? "text-(--text-3)" : "text-(--ok)"}
        />
        <span className="font-medium">{names[row.provider]}</span>
        <span className="min-w-0 flex-1 truncate text-(--text-2)">
          {keyWords}
          {row.baseUrl === null ? "" : `, ${row.baseUrl}`}
        </span>
        {row.provider === "simulated" ? null : (
          <Button size="small" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? "Close" : "Change"}
          </Button>
        )}
      </div>
      {isOpen ? (
        <form onSubmit={submit} className="grid gap-3 py-3 sm:grid-cols-[1fr_1fr_max-content] sm:items-end">
          <Field label="Address" optional={row.provider !== "openai-compatible"}>
            {(ids) => (
              <Input
                {...ids}
                name="baseUrl"
                type="url"
                placeholder={
                  row.provider === "openai-compatible" ? "http://localhost:11434/v1" : "the provider's own"
                }
                defaultValue={row.baseUrl ?? ""}
              />
            )}
          </Field>
          <Field label="API key" optional>
            {(ids) => (
              <Input
                {...ids}
                name="key"
                type="password"
                autoComplete="off"
                placeholder={row.key === "secret" ? "stays as it is" : ""}
              />
            )}
          </Field>
          <Button type="submit" tone="primary" busy={set.isPending}>
            Save
          </Button>
          <div className="sm:col-span-3">
            <FormError error={set.error} />
          </div>
        </form>
      ) : null}
    </li>
  );
}

function Secrets() {
  const trpc = useTRPC();
  const secrets = useQuery(trpc.settings.secrets.queryOptions());
  const saved = useModelsChanged("The secret is sealed.");
  const removed = useModelsChanged("The secret is gone. Flows that use it fail with a clear error.");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [deleting, setDeleting] = useState<string | null>(null);
  const set = useMutation(
    trpc.settings.setSecret.mutationOptions({
      onSuccess: async () => {
        setName("");
        setValue("");
        await saved();
      },
    }),
  );
  const remove = useMutation(trpc.settings.deleteSecret.mutationOptions({ onSuccess: removed }));
  return (
    <Card title="Secrets" flush>
      <p className="border-b border-(--border) px-4 py-3 text-(--text-2)">
        Tools use them by name, as <code className="[font:var(--type-code)]">{"{{ secret('NAME') }}"}</code>.
        Nobody can read a value again, and it is struck out wherever it would appear.
      </p>
      {secrets.error !== null ? (
        <ErrorState error={secrets.error} onRetry={() => void secrets.refetch()} />
      ) : secrets.isPending ? (
        <SkeletonRows rows={2} />
      ) : secrets.data.length === 0 ? (
        <EmptyState icon={<KeyRound size={18} />} title="No secret yet">
          Add one below when a tool needs a token.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-(--border)">
          {secrets.data.map((secret) => (
            <li key={secret.name} className="flex min-h-11 items-center gap-3 px-4">
              <span className="min-w-0 flex-1 truncate [font:var(--type-code)]">{secret.name}</span>
              <span className="text-(--text-3)">
                {secret.updatedByName}, <RelativeTime at={secret.updatedAt} />
              </span>
              <Button
                size="small"
                tone={deleting === secret.name ? "danger" : "plain"}
                aria-label={`${deleting === secret.name ? "Delete for good" : "Delete"}: ${secret.name}`}
                busy={remove.isPending && remove.variables.name === secret.name}
                onBlur={() => setDeleting(null)}
                onClick={() =>
                  deleting === secret.name ? remove.mutate({ name: secret.name }) : setDeleting(secret.name)
                }
              >
                {deleting === secret.name ? "Delete for good" : "Delete"}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <form
        className="flex flex-col gap-3 border-t border-(--border) p-4"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({ name: name.trim(), value });
        }}
      >
        <div className="grid gap-3 sm:grid-cols-[1fr_1.6fr_max-content] sm:items-end">
          <Field label="Name">
            {(ids) => (
              <Input
                {...ids}
                value={name}
                placeholder="CRM_TOKEN"
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label="Value">
            {(ids) => (
              <Input
                {...ids}
                type="password"
                autoComplete="off"
                value={value}
                onChange={(event) => setValue(event.target.value)}
              />
            )}
          </Field>
          <Button
            type="submit"
            tone="primary"
            busy={set.isPending}
            disabled={name.trim() === "" || value === ""}
          >
            Save secret
          </Button>
        </div>
        <FormError error={set.error ?? remove.error} />
      </form>
    </Card>
  );
}
