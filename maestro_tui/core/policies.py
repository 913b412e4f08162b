"""What a run answers by itself, when its options say so.

Pure, so that the answer is the same in the engine, on every screen and in replay.
"""

from __future__ import annotations

from maestro_tui.core.permission_rules import covers
from maestro_tui.core.state import Question, RunState


def automatic_answer(state: RunState, question: Question) -> tuple[str, str] | None:
    """The answer and the name of the policy that gives it; None when a person must answer."""
    options = state.options
    match question.kind:
        case "review":
            return ("yes", "approved") if options.approved else None
        case "failure" | "stray":
            return _on_failure(state, question)
        case "gate":
            return _on_gate(state, question)
        case "conflict":
            return None if options.on_conflict == "ask" else (options.on_conflict, "on-conflict")
        case "rolledback":
            if options.on_gate_failure == "rollback":
                return "skip", "on-gate-failure"
            return None
        case "permission":
            return _on_permission(state, question)
        case "budget":
            return None if options.on_budget == "ask" else (options.on_budget, "on-budget")
        case "deliver":
            if options.deliver_approved and state.delivery == 0:
                return "merge", "approved"
            return None
    return None


def _on_permission(state: RunState, question: Question) -> tuple[str, str] | None:
    """Rules first (a refusal before a leave), then the policy; unattended, nobody can be asked."""
    options, task = state.options, state.tasks[question.task]
    if question.tool:
        detail = question.evidence[0]
        for answer, rules, name in (
            ("deny", options.permission_deny, "permissions.deny"),
            ("allow", task.rules, "always for this task"),
            ("allow", state.rules, "always in this run"),
            ("allow", options.permission_allow, "permissions.allow"),
        ):
            for rule in rules:
                if covers(rule, question.tool, detail, question.rule):
                    return answer, f"{name}: {rule}"
    if options.permission_policy == "deny":
        return "deny", "permission-policy"
    if options.permission_policy == "allow" and question.option("allow"):
        return "allow", "permission-policy"
    return None if state.attended else ("deny", "nobody to ask")


def _on_failure(state: RunState, question: Question) -> tuple[str, str] | None:
    policy = state.options.on_failure
    attempt = state.tasks[question.task].attempt
    if policy in ("ask", "retry") and attempt is not None and attempt.reason == "unauthorised":
        return None  # the next try would be refused as well: somebody has to log in
    if policy == "ask":
        task = state.tasks[question.task]
        if question.kind == "failure" and task.retries_used < task.assignment.retries:
            return "retry", "the agent's own retries"
        return None
    if policy == "retry":
        task = state.tasks[question.task]
        if task.retries_used < max(state.options.retries, task.assignment.retries):
            return "retry", "on-failure"
        return "skip", "on-failure, retries used up"
    return policy, "on-failure"


def _on_gate(state: RunState, question: Question) -> tuple[str, str] | None:
    policy = state.options.on_gate_failure
    if policy == "ask":
        return None
    run = state.gates[question.subject]
    if policy == "retry":
        if question.option("retry") and run.fixes < state.options.retries:
            return "retry", "on-gate-failure"
        return "abort", "on-gate-failure, retries used up"
    if policy == "rollback" and not question.option("rollback"):
        return "abort", "on-gate-failure, nothing to roll back to"
    return policy, "on-gate-failure"
