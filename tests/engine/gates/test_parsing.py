"""Runners' output, as they print it: which tests failed, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro_tui.engine.gates.junit import junit, named_reports
from maestro_tui.engine.gates.parsing import parse
from maestro_tui.engine.gates.report import Report

PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.11.2, pytest-8.3.4, pluggy-1.5.0
collected 6 items

tests/test_cart.py ..F                                                   [ 50%]
tests/test_mail.py .FE                                                   [100%]

=================================== FAILURES ===================================
_________________________________ test_rounding ________________________________
E       assert 3 == 4
=========================== short test summary info ============================
FAILED tests/test_cart.py::test_rounding - assert 3 == 4
FAILED tests/test_mail.py::TestSend::test_to[a - b] - ValueError: no - really
ERROR tests/test_mail.py::test_inbox - fixture 'box' not found
==================== 2 failed, 3 passed, 1 error in 0.31s ======================
"""
PYTEST_QUIET = "..F\nFAILED t/test_a.py::test_x[1-2]\n1 failed, 2 passed in 0.02s\n"
PYTEST_COLLECTION = """\
=========================== short test summary info ============================
ERROR tests/test_api.py - ModuleNotFoundError: No module named 'api'
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
=============================== 1 error in 0.08s ===============================
"""
PYTEST_UNNAMED = "tests/a.py F.F\n===== 2 failed, 1 passed in 1.00s =====\n"
UNITTEST = """\
.F
======================================================================
FAIL: test_sum (calc.tests.SumTest.test_sum)
----------------------------------------------------------------------
AssertionError: 1 != 2
----------------------------------------------------------------------
Ran 2 tests in 0.001s

FAILED (failures=1)
"""
GO = """\
=== RUN   TestPrice
--- FAIL: TestPrice (0.01s)
    --- FAIL: TestPrice/zero (0.00s)
        price_test.go:9: got 1
--- PASS: TestName (0.00s)
FAIL
FAIL\texample.org/shop/price\t0.014s
ok  \texample.org/shop/cart\t0.006s
# example.org/shop/mail
mail/mail.go:4:2: undefined: send
FAIL\texample.org/shop/mail [build failed]
FAIL
"""
GO_JSON = """\
{"Time":"2030-01-01T10:00:00Z","Action":"run","Package":"shop/price","Test":"TestPrice"}
{"Action":"output","Package":"shop/price","Test":"TestPrice","Output":"--- FAIL: TestPrice\\n"}
{"Action":"fail","Package":"shop/price","Test":"TestPrice","Elapsed":0.01}
{"Action":"fail","Package":"shop/price","Elapsed":0.02}
{"Action":"pass","Package":"shop/cart","Test":"TestAdd","Elapsed":0}
{"Action":"fail","Package":"shop/mail","Elapsed":0}
"""
CARGO = """\
   Compiling shop v0.1.0
     Running unittests src/lib.rs (target/debug/deps/shop-0a1b2c3d4e5f)

running 2 tests
test cart::tests::adds ... ok
test cart::tests::removes ... FAILED

failures:
    cart::tests::removes

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out

   Doc-tests shop
test src/lib.rs - cart (line 3) ... FAILED
test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
"""
CARGO_BROKEN = """\
error[E0308]: mismatched types
 --> src/lib.rs:3:5
error: could not compile `shop` (lib test) due to 1 previous error
"""
JEST = """\
PASS src/cart.test.js
FAIL src/mail.test.js (5.2 s)
  ● Console

    console.log sending

  ● mail › sends › to nobody

    expect(received).toBe(expected)

FAIL src/broken.test.js
  ● Test suite failed to run

    Cannot find module './gone'

Test Suites: 2 failed, 1 passed, 3 total
Tests:       1 failed, 4 passed, 5 total
Snapshots:   0 total
"""
VITEST = """\
 RUN  v2.1.8 /shop
 ✓ src/cart.test.ts (3 tests) 4ms
 FAIL  src/mail.test.ts > mail > sends to nobody
AssertionError: expected 1 to be 2

 Test Files  1 failed | 1 passed (2)
      Tests  1 failed | 3 passed (4)
"""
NODE_SPEC = """\
▶ cart
  ✔ adds (0.5ms)
  ✖ removes (1.2ms)
▶ cart (2.1ms)
✖ sends (0.3ms)
ℹ tests 3
ℹ pass 1
ℹ fail 2

✖ failing tests:

✖ removes (1.2ms)
"""
NODE_TAP = """\
TAP version 13
# Subtest: cart
    # Subtest: adds
    ok 1 - adds
    # Subtest: removes
    not ok 2 - removes
not ok 1 - cart
# Subtest: later
not ok 2 - later # TODO
# tests 4
# pass 2
# fail 2
"""


@pytest.mark.parametrize(
    ("text", "runner", "failures"),
    [
        (
            PYTEST,
            "pytest",
            {
                "tests/test_cart.py::test_rounding",
                "tests/test_mail.py::TestSend::test_to[a - b]",
                "tests/test_mail.py::test_inbox",
            },
        ),
        (PYTEST_QUIET, "pytest", {"t/test_a.py::test_x[1-2]"}),
        (PYTEST_COLLECTION, "pytest", {"tests/test_api.py"}),
        (UNITTEST, "unittest", {"test_sum (calc.tests.SumTest.test_sum)"}),
        (
            GO,
            "go test",
            {
                "example.org/shop/price TestPrice",
                "example.org/shop/price TestPrice/zero",
                "example.org/shop/mail (build failed)",
            },
        ),
        (GO_JSON, "go test", {"shop/price TestPrice", "shop/mail (package)"}),
        (
            CARGO,
            "cargo test",
            {"src/lib.rs cart::tests::removes", "doc-tests shop src/lib.rs - cart (line 3)"},
        ),
        (CARGO_BROKEN, "cargo test", {"compile shop lib test"}),
        (
            JEST,
            "jest",
            {
                "src/mail.test.js › mail › sends › to nobody",
                "src/broken.test.js › Test suite failed to run",
            },
        ),
        (VITEST, "vitest", {"src/mail.test.ts > mail > sends to nobody"}),
        (NODE_SPEC, "node --test", {"cart > removes", "sends"}),
        (NODE_TAP, "node --test", {"cart > removes", "cart"}),
    ],
)
def test_failures_by_name(text: str, runner: str, failures: set[str]) -> None:
    for form in (text, text.replace("\n", "\r\n"), f"\x1b[31m{text}\x1b[0m"):
        found = parse(form)
        assert found is not None
        assert (found.runner, found.failures, found.named) == (runner, failures, True)


def test_passed_tests_are_known_where_the_runner_names_them() -> None:
    found = parse(CARGO)
    assert found is not None
    assert found.passed == {"src/lib.rs cart::tests::adds"}


def test_failures_that_are_counted_but_not_named_are_not_compared_by_name() -> None:
    found = parse(PYTEST_UNNAMED)
    assert found == Report("pytest", named=False)


def test_a_session_that_broke_down_before_its_end_is_not_complete() -> None:
    cut = PYTEST[: PYTEST.index("==================== 2 failed")]
    found = parse(cut)
    assert found is not None
    assert not found.named


@pytest.mark.parametrize("text", ["", "make: *** [Makefile:3: check] Error 1\n", "ok\nFAILED\n"])
def test_other_output_is_nobodys(text: str) -> None:
    assert parse(text) is None


def test_two_runners_in_one_gate_are_read_together() -> None:
    found = parse(PYTEST_QUIET + VITEST)
    assert found is not None
    assert found.runner == "pytest + vitest"
    assert len(found.failures) == 2


JUNIT = b"""<?xml version="1.0"?>
<testsuites><testsuite name="shop" tests="4">
<testcase classname="cart" name="adds"/>
<testcase classname="cart" name="removes"><failure message="no">x</failure></testcase>
<testcase classname="mail" name="sends"><error/></testcase>
<testcase classname="mail" name="later"><skipped/></testcase>
</testsuite></testsuites>"""


def test_junit_xml() -> None:
    found = junit(JUNIT)
    assert found is not None
    assert found.failures == {"cart removes", "mail sends"}
    assert found.passed == {"cart adds"}


@pytest.mark.parametrize(
    "data",
    [b"", b"<html/>", b"<testsuite", b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite>&a;</testsuite>'],
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    assert junit(data) is None


def test_reports_are_found_where_the_command_names_them_and_only_fresh(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    report = tmp_path / "out/junit.xml"
    report.write_bytes(JUNIT)
    command = "pytest -q --junitxml=out/junit.xml --x=other.xml"
    assert named_reports(command, tmp_path, report.stat().st_mtime) == [report]
    assert named_reports(command, tmp_path, report.stat().st_mtime + 60) == []
