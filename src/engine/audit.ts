import type { Json } from "#base/index.ts";
import type { Flow } from "#flow/index.ts";
import type { RunActor, RunEventBody, RunState } from "#flow/machine/index.ts";
import type { AuditDraft } from "#journal/index.ts";

const engine: RunActor = { kind: "system", id: "engine", name: "Baton" };

/**
 * The audit entries that an event calls for: who did what, to what, and why. Most events call for none. What a person
 * did (started, decided, cancelled) is audited where they did it, in the transaction of their request: not here again.
 */
export function auditOf(
  event: RunEventBody,
  run: string,
  state: RunState,
  flow: Flow,
): AuditDraft | undefined {
  const entry = (
    actor: RunActor,
    action: string,
    subject: AuditDraft["subject"],
    body: unknown,
  ): AuditDraft => ({
    actor,
    action,
    subject,
    path: "path" in event && event.path !== "" ? event.path : null,
    body: body as Json,
  });
  const ofRun = { kind: "run", id: run };
  switch (event.type) {
    case "run-cancel-requested":
      if (event.by.kind === "user") return undefined;
      return entry(event.by, "run.cancel-requested", ofRun, { reason: event.reason });
    case "run-paused":
      if (event.by.kind === "user") return undefined;
      return entry(event.by, "run.paused", ofRun, { reason: event.reason });
    case "run-resumed":
      return event.by.kind === "user" ? undefined : entry(event.by, "run.resumed", ofRun, {});
    case "run-reopened":
      if (event.by.kind === "user") return undefined;
      return entry(event.by, "run.retried", ofRun, { reason: event.reason });
    case "run-finished":
      return entry(engine, `run.${event.outcome}`, ofRun, {
        error: event.error,
        ...(state.sandbox ? { sandbox: true } : {}),
      });
    case "model-call-finished": {
      const { key, provider, model, simulated, usage, cost, finishReason, toolCalls } = event;
      const name = state.tasks[event.path]?.effects.find((one) => one.key === key)?.agent ?? "";
      const body = { key, provider, model, simulated, usage, cost, finishReason, toolCalls };
      return entry(agentActor(flow, name), "model-call.finished", { kind: "model", id: model }, body);
    }
    case "tool-call-begun": {
      const { key, tool, args, risk, approvedHash, mocked } = event;
      return entry(
        actorOf(flow, event.agent),
        "tool-call.begun",
        { kind: "tool", id: tool },
        {
          key,
          args,
          risk,
          approvedHash,
          ...(mocked === undefined ? {} : { mocked }),
        },
      );
    }
    case "tool-call-finished":
    case "tool-call-failed": {
      const { key } = event;
      const effect = state.tasks[event.path]?.effects.find((one) => one.key === key);
      const tool = effect?.kind === "tool" ? effect.tool : "";
      const action = event.type === "tool-call-finished" ? "tool-call.finished" : "tool-call.failed";
      const body = event.type === "tool-call-failed" ? { key, error: event.error } : { key };
      return entry(actorOf(flow, effect?.agent ?? null), action, { kind: "tool", id: tool }, body);
    }
    case "tool-call-denied": {
      const { tool, args, reason } = event;
      return entry(event.by ?? engine, "tool-call.denied", { kind: "tool", id: tool }, { args, reason });
    }
    case "approval-requested": {
      const { kind, title, canonical, hash } = event.ask;
      const subject = { kind: "approval", id: event.approvalId };
      return entry(actorOf(flow, event.ask.call?.agent ?? null), "approval.requested", subject, {
        kind,
        title,
        canonical,
        hash,
        deadline: event.deadline,
      });
    }
    case "approval-decided": {
      if (event.by !== null && event.by.kind !== "system") return undefined;
      const { decision, comment, answer, approvalId } = event;
      const hash = state.tasks[event.path]?.approvals.find((one) => one.approvalId === approvalId)?.ask.hash;
      const subject = { kind: "approval", id: approvalId };
      return entry(event.by ?? engine, "approval.decided", subject, {
        decision,
        comment,
        answer,
        hash: hash ?? null,
      });
    }
    case "approval-escalated": {
      const { approvalId, to } = event;
      return entry(engine, "approval.escalated", { kind: "approval", id: approvalId }, { to });
    }
    case "approval-withdrawn": {
      const { approvalId, reason } = event;
      return entry(engine, "approval.withdrawn", { kind: "approval", id: approvalId }, { reason });
    }
    case "effect-lost":
      return entry(engine, "tool-call.lost", { kind: "effect", id: event.key }, { reason: event.reason });
    default:
      return undefined;
  }
}

function actorOf(flow: Flow, agent: string | null): RunActor {
  return agent === null ? engine : agentActor(flow, agent);
}

function agentActor(flow: Flow, name: string): RunActor {
  const title = Object.hasOwn(flow.agents, name) ? flow.agents[name]?.title : undefined;
  return { kind: "agent", id: `agent:${flow.id}/${name}`, name: title ?? name };
}
