"""Which test shows which of the product's promises: by keyboard in the real program, and headless.

A row is a promise about waves (C) or about state (E). ``test_rows`` sees to it that each test named
here exists, and that no row is without one of either kind. Those of agents that only a real
driver has are in ``make test-agents``.
"""

from __future__ import annotations

ROWS: dict[str, tuple[str, list[str], list[str]]] = {
    "C1": (
        "agents at once, turned up and down; strict waves and streaming",
        [
            "e2e/test_decisions.py::test_one_agent_more_and_one_fewer_while_they_work",
            "e2e/test_decisions.py::test_a_wave_waits_for_the_one_before_and_says_so",
        ],
        [
            "engine/test_waves.py::test_no_more_agents_at_once_than_allowed",
            "engine/test_waves.py::test_strict_waves_wait_for_the_slowest_of_each",
            "engine/test_claude_runs.py::test_ten_at_once_are_staggered_and_all_get_in",
        ],
    ),
    "C2": (
        "a worktree for each agent; the user's checkout is never touched",
        ["e2e/test_agents_at_work.py::test_a_worktree_of_its_own_and_the_checkout_as_it_was"],
        [
            "engine/test_checkout.py::test_a_dirty_checkout_is_no_obstacle_and_stays_as_it_is",
            "engine/test_provision.py::test_clean_says_what_each_worktree_is_kept_for",
        ],
    ),
    "C3": (
        "the completion marker, and each check of what it claims",
        ["e2e/test_agents_at_work.py::test_what_a_marker_claims_is_ticked_off"],
        ["engine/test_checks.py::test_what_is_not_done_is_refused"],
    ),
    "C4": (
        "ownership of files: drop, extend, send back",
        [
            "e2e/test_decisions.py::test_stray_edits_are_dropped_and_the_rest_is_merged",
            "e2e/test_other_choices.py::test_stray_edits_become_the_tasks_own_or_are_sent_back",
        ],
        [
            "engine/test_checks.py::test_stray_edits_are_dropped_and_the_rest_kept",
            "engine/test_checks.py::test_stray_edits_are_kept_when_allowed",
            "agents/test_claude.py::test_files_of_others_are_not_written",
        ],
    ),
    "C5": (
        "handoff to an agent at work, or to its next attempt",
        [
            "e2e/test_agents_at_work.py::"
            "test_what_was_delivered_and_what_was_said_begin_the_next_attempt"
        ],
        [
            "engine/test_claude_control.py::"
            "test_what_another_task_delivered_reaches_the_agent_at_work"
        ],
    ),
    "C6": (
        "gates on the merged tree, aware of the base, the guilty merge found",
        ["e2e/test_decisions.py::test_a_red_gate_sends_the_guilty_task_back_with_instructions"],
        [
            "engine/test_gates.py::test_gates_see_the_merged_files_of_all_tasks_of_the_wave",
            "engine/test_baseline.py::"
            "test_a_new_failure_blocks_beside_an_old_one_and_names_its_merge",
        ],
    ),
    "C7": (
        "conflicts foreseen, then decided place by place",
        [
            "e2e/test_agents_at_work.py::test_a_conflict_is_seen_coming_and_then_decided",
            "e2e/test_conflict.py::test_places_and_files_are_decided_by_keyboard",
        ],
        [
            "engine/test_forecast.py::"
            "test_two_running_agents_on_the_same_line_are_shown_before_any_merge",
            "engine/test_conflicts.py::test_theirs_takes_the_tasks_side",
        ],
    ),
    "C8": (
        "a failed agent: instructions, upstream first, another agent, skip, abort",
        [
            "e2e/test_decisions.py::test_retry_with_instructions_that_reach_the_agent",
            "e2e/test_decisions.py::test_the_task_upstream_is_mended_first",
            "e2e/test_decisions.py::test_what_a_skipped_task_blocks_never_starts",
            "e2e/test_decisions.py::test_abort_ends_everything_and_keeps_what_is_merged",
            "e2e/test_other_choices.py::test_another_agent_takes_a_task_over",
        ],
        [
            "engine/test_failures.py::test_ask_stops_with_the_commands_then_instructions_finish_it",
            "engine/test_diagnosis.py::"
            "test_the_task_further_up_is_fixed_first_and_the_failed_one_waits",
            "engine/test_agent_folders.py::"
            "test_another_agent_for_a_retry_is_found_in_a_folder_of_the_settings",
        ],
    ),
    "C9": (
        "a failed gate: fix, roll back, accept, abort",
        [
            "e2e/test_decisions.py::test_a_red_gate_rolls_the_wave_back_and_it_is_done_again",
            "e2e/test_decisions.py::test_a_red_gate_is_accepted_and_the_end_says_so",
        ],
        [
            "engine/test_gates.py::test_a_rolled_back_wave_can_be_started_again",
            "engine/test_gates.py::test_accept_goes_on_and_ends_with_one",
            "engine/test_gates.py::test_abort_delivers_nothing",
        ],
    ),
    "C10": (
        "one failure stops nobody else; the breaker opens and closes",
        ["e2e/test_decisions.py::test_many_failures_open_the_breaker_which_closes_again"],
        ["engine/test_failures.py::test_skip_blocks_the_dependents_and_merges_the_others"],
    ),
    "C11": (
        "limits of the service: parked with a countdown, woken, switched off",
        [
            "e2e/test_agents_at_work.py::"
            "test_an_agent_at_a_limit_is_parked_with_a_countdown_and_woken"
        ],
        [
            "engine/test_rehearsed_limits.py::test_it_is_parked_until_it_is_woken",
            "engine/test_parking.py::test_five_that_were_parked_together_come_back_one_by_one",
        ],
    ),
    "C12": (
        "resources of the machine: fewer agents, and as many again",
        ["e2e/test_decisions.py::test_a_full_memory_takes_agents_away_and_gives_them_back"],
        [
            "engine/test_full_disk.py::"
            "test_an_agent_that_fills_the_disk_fails_and_what_it_wrote_is_kept",
            "engine/test_pressure.py::test_memory_takes_one_agent_each_step_down_to_one",
        ],
    ),
    "C14": (
        "money: warned at four fifths, asked at the limit",
        [
            "e2e/test_other_choices.py::test_a_budget_is_warned_of_and_then_asked_about",
            "e2e/test_other_choices.py::"
            "test_an_agent_beyond_its_budget_is_ended_and_the_run_stopped_by_default",
        ],
        [
            "engine/test_budgets.py::test_at_four_fifths_it_is_said_and_at_the_limit_the_run_waits",
            "engine/test_budgets.py::test_a_new_limit_comes_with_the_resumption",
        ],
    ),
    "C15": (
        "the end: summed up, delivered or left",
        [
            "e2e/test_screen.py::test_a_plan_is_reviewed_run_and_delivered_by_keyboard",
            "e2e/test_other_choices.py::test_what_is_done_is_summed_up_and_left_on_its_branch",
        ],
        [
            "engine/test_checkout.py::test_deliver_none_leaves_the_work_on_its_branch",
            "engine/test_checkout.py::test_a_base_that_moved_meanwhile_is_merged_into",
        ],
    ),
    "E1": (
        "kill -9 of anything loses nothing",
        [
            "e2e/test_interrupted_runs.py::"
            "test_a_killed_engine_is_missed_and_its_agents_are_found_again",
            "e2e/test_screen.py::test_the_screen_may_die_and_the_run_does_not",
        ],
        [
            "engine/test_kills.py::test_a_run_survives_any_number_of_kills",
            "engine/test_kill_points.py::test_killed_in_the_midst_of",
        ],
    ),
    "E2": (
        "an interrupted run is shown, then resumed, restarted by wave or aborted",
        [
            "e2e/test_interrupted_runs.py::test_what_is_complete_is_shown_before_it_goes_on",
            "e2e/test_interrupted_runs.py::test_a_wave_is_restarted_and_what_it_had_is_kept",
            "e2e/test_interrupted_runs.py::test_an_interrupted_run_is_aborted",
        ],
        [
            "engine/test_rollback.py::test_what_is_dropped_is_kept_and_done_again",
            "engine/test_ends.py::test_abort_of_a_run_that_waits_for_its_review",
        ],
    ),
    "E3": (
        "the journal, asked in SQL",
        [
            "e2e/test_interrupted_runs.py::"
            "test_a_finished_run_is_played_again_and_a_damaged_journal_is_mended"
        ],
        [
            "engine/test_schema.py::test_the_questions_of_the_page_are_answered",
            "cli/test_commands.py::test_status_for_programs",
        ],
    ),
    "E4": (
        "copies of the journal; damage is refused and mended",
        [
            "e2e/test_interrupted_runs.py::"
            "test_a_finished_run_is_played_again_and_a_damaged_journal_is_mended"
        ],
        [
            "engine/test_backups.py::test_each_wave_leaves_a_copy",
            "engine/test_backups.py::test_damage_is_refused_at_the_start_and_mended_from_the_copy",
        ],
    ),
    "E5": (
        "an essence is kept of what went well; its logs are packed and can still be read",
        [
            "e2e/test_interrupted_runs.py::"
            "test_a_finished_run_is_played_again_and_a_damaged_journal_is_mended"
        ],
        [
            "engine/test_archive.py::test_its_page_says_what_was_done_agreed_and_where_it_went",
            "engine/test_archive.py::test_logs_are_packed_after_a_day_and_read_as_before",
        ],
    ),
}
