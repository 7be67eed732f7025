"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Copy, UserPlus } from "lucide-react";
import { useState, type FormEvent } from "react";
import type { MemberRow } from "#api/index.ts";
import { useMe } from "../client/me.ts";
import { useTRPC } from "../client/trpc.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Checkbox, Field, Input } from "../parts/field.tsx";
import { Page } from "../parts/page.tsx";
import { ErrorState, FormError, SkeletonRows } from "../parts/states.tsx";
import { RelativeTime } from "../parts/time.tsx";
import { useToast } from "../parts/toast.tsx";
import { fieldErrors } from "../setup/field-errors.ts";

type Role = MemberRow["roles"][number];

/** Members, what each role may do, and invitations. */
export function PeoplePage() {
  const trpc = useTRPC();
  const { may, me } = useMe();
  const members = useQuery(trpc.member.list.queryOptions());
  const table = useQuery(trpc.member.roleTable.queryOptions());
  const [invites, setInvites] = useState(false);
  const [changing, setChanging] = useState<MemberRow | null>(null);
  return (
    <Page
      title="People"
      about={me === undefined ? "\u00a0" : `Members of ${me.workspace.name}.`}
      actions={
        may("members.manage") ? (
          <Button tone="primary" onClick={() => setInvites(true)}>
            <UserPlus aria-hidden size={14} /> Invite someone
          </Button>
        ) : null
      }
    >
      <Card flush>
        {members.error !== null ? (
          <ErrorState error={members.error} onRetry={() => void members.refetch()} />
        ) : members.isPending ? (
          <SkeletonRows rows={3} height={56} />
        ) : (
          <ul className="divide-y divide-(--border)">
            {members.data.map((member) => (
              <li
                key={member.userId}
                className="grid min-h-14 grid-cols-[28px_minmax(0,1fr)_max-content] items-center gap-x-3 px-4 py-2 md:grid-cols-[28px_minmax(0,1fr)_240px_120px_max-content]"
              >
                <Avatar name={member.name} size={28} />
                <span className="min-w-0">
                  <span className="block truncate font-medium">{member.name}</span>
                  <span className="block truncate text-(--text-2)">{member.email}</span>
                  <span className="block text-(--text-2) md:hidden">{member.roles.join(", ")}</span>
                </span>
                <span className="hidden text-(--text-2) md:inline">{member.roles.join(", ")}</span>
                <span className="hidden text-(--text-3) md:inline">
                  joined <RelativeTime at={member.createdAt} />
                </span>
                {may("members.manage") ? (
                  <Button size="small" onClick={() => setChanging(member)}>
                    Change roles
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title="What a role may do" flush>
        {table.error !== null ? (
          <ErrorState error={table.error} onRetry={() => void table.refetch()} />
        ) : table.isPending ? (
          <SkeletonRows rows={6} height={32} />
        ) : (
          <div
            className="relative overflow-x-auto"
            tabIndex={0}
            role="group"
            aria-label="Roles and permissions"
          >
            <table className="w-full">
              <thead>
                <tr className="border-b border-(--border) text-(--text-2)">
                  <th className="px-4 py-2 text-left font-medium">May</th>
                  {table.data.roles.map(({ role }) => (
                    <th key={role} className="px-2 py-2 text-center font-medium">
                      {role}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {table.data.permissions.map((permission) => (
                  <tr key={permission.id} className="border-b border-(--border) last:border-0">
                    <th scope="row" className="min-w-56 px-4 py-1.5 text-left font-normal">
                      {permission.title}
                    </th>
                    {table.data.roles.map(({ role, permissions }) => (
                      <td key={role} className="px-2 py-1.5 text-center">
                        {(permissions as readonly string[]).includes(permission.id) ? (
                          <>
                            <Check aria-hidden size={14} className="mx-auto text-(--ok)" />
                            <span className="sr-only">yes</span>
                          </>
                        ) : (
                          <span className="sr-only">no</span>
                        )}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
      <InviteDialog
        isOpen={invites}
        onClose={() => setInvites(false)}
        roles={table.data?.roles.map(({ role }) => role) ?? []}
      />
      {changing === null ? null : (
        <RolesDialog
          member={changing}
          roles={table.data?.roles.map(({ role }) => role) ?? []}
          isMe={changing.userId === me?.user.id}
          onClose={() => setChanging(null)}
        />
      )}
    </Page>
  );
}

function RoleChoice({
  roles,
  chosen,
  onChange,
}: {
  roles: readonly Role[];
  chosen: readonly Role[];
  onChange(roles: Role[]): void;
}) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium">Roles</legend>
      <div className="grid grid-cols-2 gap-x-4">
        {roles.map((role) => (
          <Checkbox
            key={role}
            label={role}
            checked={chosen.includes(role)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, role] : chosen.filter((held) => held !== role))
            }
          />
        ))}
      </div>
    </fieldset>
  );
}

function InviteDialog({
  isOpen,
  onClose,
  roles,
}: {
  isOpen: boolean;
  onClose(): void;
  roles: readonly Role[];
}) {
  const trpc = useTRPC();
  const say = useToast();
  const [chosen, setChosen] = useState<Role[]>(["viewer"]);
  const invite = useMutation(trpc.member.invite.mutationOptions());
  const close = (): void => {
    invite.reset();
    onClose();
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    invite.mutate({
      email: String(new FormData(event.currentTarget).get("email") ?? "").trim(),
      roles: chosen,
    });
  };
  const url = invite.data?.url;
  const errors = fieldErrors(invite.error);
  return (
    <Dialog title="Invite someone" isOpen={isOpen} onClose={close}>
      {url === undefined ? (
        <form onSubmit={submit} className="flex flex-col gap-4" noValidate>
          <Field label="E-mail" error={errors["email"]}>
            {(ids) => <Input {...ids} name="email" type="email" required />}
          </Field>
          <RoleChoice roles={roles.filter((role) => role !== "owner")} chosen={chosen} onChange={setChosen} />
          {Object.keys(errors).length > 0 ? null : <FormError error={invite.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={close}>Leave it</Button>
            <Button type="submit" tone="primary" busy={invite.isPending} disabled={chosen.length === 0}>
              Make the link
            </Button>
          </div>
        </form>
      ) : (
        <>
          <p className="text-(--text-2)">
            Send this link to them. It works once, within seven days, and can't be shown again.
          </p>
          <p className="rounded-(--radius-2) bg-(--surface-2) px-3 py-2 break-all [font:var(--type-code)]">
            {url}
          </p>
          <div className="flex justify-end gap-2">
            <Button
              onClick={() =>
                void navigator.clipboard.writeText(url).then(
                  () => say("The link is copied."),
                  () => say("The browser did not let Baton copy. Select the link and copy it yourself."),
                )
              }
            >
              <Copy aria-hidden size={14} /> Copy link
            </Button>
            <Button tone="primary" onClick={close}>
              Done
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function RolesDialog({
  member,
  roles,
  isMe,
  onClose,
}: {
  member: MemberRow;
  roles: readonly Role[];
  isMe: boolean;
  onClose(): void;
}) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const say = useToast();
  const [chosen, setChosen] = useState<Role[]>(member.roles);
  const [removes, setRemoves] = useState(false);
  const done = (text: string) => async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: trpc.member.pathKey() });
    await queries.invalidateQueries({ queryKey: trpc.me.pathKey() });
    say(text);
    onClose();
  };
  const setRoles = useMutation(
    trpc.member.setRoles.mutationOptions({ onSuccess: done(`${member.name} is now ${chosen.join(", ")}.`) }),
  );
  const remove = useMutation(
    trpc.member.remove.mutationOptions({ onSuccess: done(`${member.name} is no member any more.`) }),
  );
  return (
    <Dialog title={`Roles of ${member.name}`} isOpen onClose={onClose}>
      <RoleChoice roles={roles} chosen={chosen} onChange={setChosen} />
      {removes ? (
        <p role="status" className="text-(--text-2)">
          {member.name} is signed out and loses access at once. What they did stays in the runs and the audit.
        </p>
      ) : null}
      <FormError error={setRoles.error ?? remove.error} />
      <div className="flex flex-wrap justify-end gap-2">
        {isMe ? null : (
          <Button
            className="mr-auto"
            tone={removes ? "danger" : "plain"}
            busy={remove.isPending}
            onClick={() => (removes ? remove.mutate({ userId: member.userId }) : setRemoves(true))}
          >
            {removes ? `Remove ${member.name}` : "Remove from the workspace"}
          </Button>
        )}
        <Button onClick={onClose}>Leave unchanged</Button>
        <Button
          tone="primary"
          busy={setRoles.isPending}
          disabled={chosen.length === 0}
          onClick={() => setRoles.mutate({ userId: member.userId, roles: chosen })}
        >
          Save roles
        </Button>
      </div>
    </Dialog>
  );
}
