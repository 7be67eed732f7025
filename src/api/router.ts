import { list as auditList } from "./audit/list.ts";
import { list as bulkList } from "./bulk/list.ts";
import { start as bulkStart } from "./bulk/start.ts";
import { edit as editComment } from "./comment/edit.ts";
import { follow } from "./comment/follow.ts";
import { list as commentList } from "./comment/list.ts";
import { remove as removeComment } from "./comment/remove.ts";
import { reply } from "./comment/reply.ts";
import { resolve } from "./comment/resolve.ts";
import { start as startComment } from "./comment/start.ts";
import { send as eventSend } from "./event/send.ts";
import { archive } from "./flow/archive.ts";
import { blueprints } from "./flow/blueprints.ts";
import { check } from "./flow/check.ts";
import { create as createFlow } from "./flow/create.ts";
import { draft } from "./flow/draft.ts";
import { duplicate } from "./flow/duplicate.ts";
import { get as flowGet } from "./flow/get.ts";
import { knowledge } from "./flow/knowledge.ts";
import { list as flowList } from "./flow/list.ts";
import { pause as pauseFlow } from "./flow/pause.ts";
import { publish } from "./flow/publish.ts";
import { publishDraft } from "./flow/publishDraft.ts";
import { resume as resumeFlow } from "./flow/resume.ts";
import { home } from "./home.ts";
import { count } from "./inbox/count.ts";
import { decide } from "./inbox/decide.ts";
import { list as inboxList } from "./inbox/list.ts";
import { notifications } from "./inbox/notifications.ts";
import { read } from "./inbox/read.ts";
import { me } from "./me.ts";
import { describe as describeMemory } from "./memory/describe.ts";
import { forget as forgetMemory } from "./memory/forget.ts";
import { get as memoryGet } from "./memory/get.ts";
import { history as memoryHistory } from "./memory/history.ts";
import { list as memoryList } from "./memory/list.ts";
import { next as memoryNext } from "./memory/next.ts";
import { open as openMemory } from "./memory/open.ts";
import { places as memoryPlaces } from "./memory/places.ts";
import { set as setMemory } from "./memory/set.ts";
import { undoAgent } from "./memory/undoAgent.ts";
import { watch as memoryWatch } from "./memory/watch.ts";
import { invite } from "./member/invite.ts";
import { list as memberList } from "./member/list.ts";
import { remove } from "./member/remove.ts";
import { roleTable } from "./member/roleTable.ts";
import { setRoles } from "./member/setRoles.ts";
import { cancel } from "./run/cancel.ts";
import { locks } from "./run/locks.ts";
import { fork } from "./run/fork.ts";
import { get as runGet } from "./run/get.ts";
import { list as runList } from "./run/list.ts";
import { pause } from "./run/pause.ts";
import { resume } from "./run/resume.ts";
import { retry } from "./run/retry.ts";
import { start } from "./run/start.ts";
import { tryOut } from "./run/tryOut.ts";
import { watch as runWatch } from "./run/watch.ts";
import { deleteSecret } from "./settings/deleteSecret.ts";
import { egress } from "./settings/egress.ts";
import { models } from "./settings/models.ts";
import { secrets } from "./settings/secrets.ts";
import { setAlias } from "./settings/setAlias.ts";
import { setEgress } from "./settings/setEgress.ts";
import { setProvider } from "./settings/setProvider.ts";
import { setSecret } from "./settings/setSecret.ts";
import { create } from "./setup/create.ts";
import { join } from "./setup/join.ts";
import { state } from "./setup/state.ts";
import { list as toolList } from "./tool/list.ts";
import { address } from "./trigger/address.ts";
import { list as triggerList } from "./trigger/list.ts";
import { outcomes } from "./trigger/outcomes.ts";
import { pause as pauseTrigger } from "./trigger/pause.ts";
import { renew } from "./trigger/renew.ts";
import { resume as resumeTrigger } from "./trigger/resume.ts";
import { test as testTrigger } from "./trigger/test.ts";
import { createCallerFactory, router } from "./trpc.ts";
import { watch as workspaceWatch } from "./workspace/watch.ts";

/** All verbs. */
export const appRouter = router({
  me,
  home,
  flow: router({
    list: flowList,
    get: flowGet,
    check,
    knowledge,
    blueprints,
    create: createFlow,
    draft,
    publish,
    publishDraft,
    duplicate,
    archive,
    pause: pauseFlow,
    resume: resumeFlow,
  }),
  run: router({
    list: runList,
    get: runGet,
    start,
    tryOut,
    cancel,
    pause,
    resume,
    retry,
    fork,
    locks,
    watch: runWatch,
  }),
  comment: router({
    list: commentList,
    start: startComment,
    reply,
    edit: editComment,
    remove: removeComment,
    resolve,
    follow,
  }),
  event: router({ send: eventSend }),
  bulk: router({ list: bulkList, start: bulkStart }),
  inbox: router({ list: inboxList, count, notifications, decide, read }),
  audit: router({ list: auditList }),
  settings: router({ models, secrets, egress, setProvider, setAlias, setSecret, deleteSecret, setEgress }),
  tool: router({ list: toolList }),
  trigger: router({
    list: triggerList,
    outcomes,
    pause: pauseTrigger,
    resume: resumeTrigger,
    address,
    renew,
    test: testTrigger,
  }),
  memory: router({
    places: memoryPlaces,
    open: openMemory,
    next: memoryNext,
    describe: describeMemory,
    list: memoryList,
    get: memoryGet,
    history: memoryHistory,
    set: setMemory,
    forget: forgetMemory,
    undoAgent,
    watch: memoryWatch,
  }),
  member: router({ list: memberList, roleTable, invite, setRoles, remove }),
  workspace: router({ watch: workspaceWatch }),
  setup: router({ state, create, join }),
});

export type AppRouter = typeof appRouter;

/** Calls verbs without a transport, for tests and pages that render on the server. */
export const createCaller = createCallerFactory(appRouter);
