export { permissions, type Permission, roles, type Role, roleTable, permissionsOf, isRole } from "./roles.ts";
export { type Actor, type Scope, memberScope, systemScope, triggerScope, authorize } from "./scope.ts";
export { newId } from "./ids.ts";
export { flowPolicy } from "./policy/flow.ts";
export { commentPolicy } from "./policy/comment.ts";
export { memoryPolicy } from "./policy/memory.ts";
export { triggerPolicy } from "./policy/trigger.ts";
export { runPolicy } from "./policy/run.ts";
export { auditPolicy } from "./policy/audit.ts";
export { settingsPolicy } from "./policy/settings.ts";
export { memberPolicy } from "./policy/member.ts";
export { filePolicy } from "./policy/file.ts";
export {
  approvalPolicy,
  type Assignment,
  type Candidate,
  candidateOf,
  permissionToDecide,
  whyNotDecide,
} from "./policy/approval.ts";
export { type AuditRecord, type AuditFilter, type AuditEntry, writeAudit, listAudit } from "./audit/audit.ts";
export { redactor, type Redactor, redactedMark } from "./secrets/redactor.ts";
export { hiddenOf, type Hidden } from "./secrets/hidden.ts";
export {
  type SecretView,
  listSecrets,
  setSecret,
  setSecretIn,
  deleteSecret,
  openSecret,
  secretValues,
} from "./secrets/secrets.ts";
export { egressOf, type EgressRules, mostPlaces, readEgress, setEgress } from "./egress/egress.ts";
export {
  type ModelSettings,
  type Provider,
  type ProviderEnvironment,
  type ProviderView,
  type ProviderChange,
  type AliasChange,
  type AliasLimits,
  type AliasView,
  providers,
  defaultAlias,
  createModelSettings,
  listModels,
  setProvider,
  setProviderIn,
  setAlias,
  setAliasIn,
  simulatesAll,
  aliasesOf,
} from "./models/models.ts";
export {
  type Auth,
  type AuthOptions,
  createAuth,
  createAuthHandler,
  headersOf,
  passwordLength,
  tellSessionChanged,
} from "./auth/auth.ts";
export { type Identity, createIdentity, scopeOfMember, workspaceHeader } from "./auth/identity.ts";
export { type Workspaces, readWorkspaces } from "./auth/workspaces.ts";
export {
  type MemberView,
  listMembers,
  membersWith,
  createUser,
  createWorkspace,
  addMember,
  inviteMember,
  acceptInvitation,
  setMemberRoles,
  removeMember,
} from "./members/members.ts";
export { setupNeeded, useSetupToken, setupTokenKey } from "./setup/setup.ts";
export {
  hiddenOfRun,
  hiddenOfSealed,
  openRunSecret,
  runSecrets,
  sealRunSecrets,
} from "./secrets/run-secrets.ts";
