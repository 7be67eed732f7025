export { permissions, type Permission, roles, type Role, roleTable, permissionsOf, isRole } from "./roles.ts";
export { type Actor, type Scope, memberScope, systemScope, authorize } from "./scope.ts";
