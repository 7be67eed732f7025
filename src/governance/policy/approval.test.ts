import { describe, expect, it } from "vitest";
import { permissionsOf, roles, type Role } from "../roles.ts";
import { whyNotDecide, type Assignment } from "./approval.ts";

const who = (...held: Role[]) => ({
  id: "user_1",
  email: "ada@example.com",
  roles: held,
  permissions: permissionsOf(held),
});
const assigned = (change: Partial<Assignment> = {}): Assignment => ({
  kind: "approval",
  roles: [],
  users: [],
  excludeUser: null,
  ...change,
});
const whoMay = (assignment: Assignment): Role[] =>
  roles.filter((role) => whyNotDecide(who(role), assignment) === null);

describe("who may decide", () => {
  it.each([
    ["an approval that names nobody", assigned(), ["approver", "admin", "owner"]],
    ["a tool's call", assigned({ kind: "tool" }), ["approver", "admin", "owner"]],
    ["an approval for admins", assigned({ roles: ["admin"] }), ["admin", "owner"]],
    ["an approval for a role that can't approve", assigned({ roles: ["builder"] }), ["admin", "owner"]],
    [
      "a form that names nobody",
      assigned({ kind: "form" }),
      ["operator", "approver", "builder", "admin", "owner"],
    ],
    ["a form for operators", assigned({ kind: "form", roles: ["operator"] }), ["operator", "admin", "owner"]],
    ["an approval for somebody else", assigned({ users: ["eve@example.com"] }), []],
    ["an approval for me", assigned({ users: ["ADA@example.com"] }), ["approver", "admin", "owner"]],
    [
      "an approval for somebody else or approvers",
      assigned({ users: ["eve@example.com"], roles: ["approver"] }),
      ["approver", "admin", "owner"],
    ],
    ["an approval of a run that I started", assigned({ excludeUser: "user_1", users: ["user_1"] }), []],
  ] as const)("%s", (_case, assignment, expected) => {
    expect(whoMay(assignment)).toEqual(expected);
  });
});
