"""What is reported, and what is only reckoned, stay apart."""

from __future__ import annotations

from maestro_tui.engine.pricing import with_estimate

TOKENS = {"input": 1_000_000.0, "output": 0.0}


def test_a_price_an_agent_names_is_taken_as_it_is() -> None:
    usage = {**TOKENS, "cost_usd": 0.5}
    assert with_estimate(usage, "claude-opus-4-1", {}) == usage


def test_what_our_own_driver_reckons_is_an_estimate() -> None:
    usage = {**TOKENS, "cost_usd": 0.5}
    assert with_estimate(usage, "any", {}, reckoned=True) == {**TOKENS, "estimated_usd": 0.5}


def test_tokens_without_a_price_are_estimated_an_unknown_model_as_a_dear_one() -> None:
    own = {"mine": {"input": 3.0, "output": 1.0, "cache_read": 0.0, "cache_write": 0.0}}
    assert with_estimate(TOKENS, "mine", own)["estimated_usd"] == 3.0
    assert with_estimate(TOKENS, "no such model", own)["estimated_usd"] >= 3.0
    assert with_estimate({"input": 0.0}, "mine", own) == {"input": 0.0}
