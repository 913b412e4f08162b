"""What a run was told when it was made, and may be told anew with each resumption."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

POOLS = {"opus": 5, "sonnet": 10, "haiku": 15}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How the run answers by itself, and what it may do."""

    driver: str = "command"
    agent_command: tuple[str, ...] = ()
    deliver: str = "merge"  # merge | none
    mark_done: bool = True  # what is merged, in the plan's document, as the delivery's last commit
    document: str = ""  # the plan's in the repository, where it can be marked
    on_failure: str = "ask"  # ask | retry | skip | abort
    on_gate_failure: str = "ask"  # ask | retry | rollback | accept | abort
    on_conflict: str = "ask"  # ask | skip | abort
    permission_policy: str = "ask"  # ask | allow | deny
    permission_allow: tuple[str, ...] = ()  # rules: "Bash(npm test:*)", "WebFetch"
    permission_deny: tuple[str, ...] = ()
    approved: bool = False  # the strategy was accepted before the run was made
    deliver_approved: bool = False  # --yes
    retries: int = 2  # automatic ones, under on_failure = retry
    retry_delay_s: float = 10.0
    launch_delay_s: float = 0.0
    worktree_root: str = ""
    setup: str = ""  # run in every tree before an agent or a gate works there
    setup_timeout_s: float = 600.0
    copy: tuple[str, ...] = ()  # patterns of ignored files that every tree gets a copy of
    port_base: int = 20_000  # 0: no ports are handed out
    ports: int = 10  # for each tree
    pack_days: float = 1.0  # after which the logs of a run that ended well are packed; 0: never
    prune_days: float = 30.0  # after which those of a merged run are removed; 0: never
    lfs: str = "smudge"  # smudge | skip: pointers instead of large files
    agents: dict[str, Any] = field(default_factory=dict)  # the driver's own settings
    # Agents at once by kind of model; a model belongs to the one its name holds.
    pools: dict[str, int] = field(default_factory=lambda: dict(POOLS))
    agent_folders: tuple[str, ...] = ()  # of definitions, besides the user's and the project's
    # USD; 0 is no limit.
    budget_agent: float = 0.0  # of each attempt
    budget_wave: float = 0.0
    budget_run: float = 0.0
    on_budget: str = "ask"  # ask | stop | continue
    budget_model: str = "haiku"  # what "a cheaper model" means
    prices: dict[str, Any] = field(default_factory=dict)  # the user's, by model

    @property
    def marks(self) -> str:
        """The document a delivery marks; empty when it marks none."""
        return self.document if self.mark_done and self.deliver == "merge" else ""
