"""What holds for every test: how hypothesis searches, and that a skipped test fails a run which allows none.

`HYPOTHESIS_PROFILE=explore` searches further and by chance; any other run tries the same examples each time.
`STOLON_NO_SKIPS=1` (set by `.ci/run`) is for machines that have all that a test may need, where a skip would
hide something.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: a shared machine is slow now and then, and that is no property of the code.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


class NoSkips:
    """Collects the tests and whole files that did not really run; with any, a passed run is a failed one."""

    def __init__(self) -> None:
        self.places: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped, or that was expected to fail."""
        if report.skipped:
            kind = "xfailed" if hasattr(report, "wasxfail") else "skipped"
            self.places.append(f"{kind} {report.nodeid}: {_reason(report)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that skipped itself while it was read."""
        if report.skipped:
            self.places.append(f"skipped {report.nodeid}: {_reason(report)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run; an exit status that already says worse stays."""
        if self.places and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List the places, above pytest's own closing line."""
        if self.places:
            terminalreporter.section("STOLON_NO_SKIPS: these did not run, and the run fails for it", red=True)
            for place in self.places:
                terminalreporter.line(place)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report, pytest.TestReport) and hasattr(report, "wasxfail"):
        return report.wasxfail or "expected to fail"
    longrepr = report.longrepr
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse skips where the environment says so."""
    if os.environ.get("STOLON_NO_SKIPS") == "1":
        config.pluginmanager.register(NoSkips(), "stolon-no-skips")
