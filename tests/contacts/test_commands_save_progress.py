"""The progress of `save_contact_groups`: memory, the bar on a terminal, and lines elsewhere."""

import io
import tracemalloc

import pytest

from contacts.management.progress import Progress, duration
from tests.contacts.test_commands_save import Terminal, run, summary

pytestmark = pytest.mark.django_db


def test_memory_does_not_grow_with_the_file(tmp_path, line, suite):
    """Unchanged lines, so that it is quick: the reading is what may grow."""
    path = tmp_path / "customers.jsonl"
    path.write_text(line() + "\n")
    run(path)

    def peak(lines):
        path.write_text((line() + "\n") * lines)
        tracemalloc.start()
        try:
            assert summary(path)[0]["outcomes"] == {"Unchanged": lines}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small = peak(1_000)
    assert peak(6_000) < small + 1024 * 1024


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_on_a_terminal_there_is_a_bar_with_rate_and_remaining_time():
    clock, out = Clock(), Terminal()
    progress = Progress(out, 1_000, clock)
    clock.now = 10
    progress.tell(45_000, 3, 250)
    assert out.getvalue() == (
        "\r[######------------------] 45,000 lines, 3 failed, 25%, 4,500/s, 0:30 left\x1b[K"
    )
    progress.tell(46_000, 3, 260)  # just now
    assert "46,000" not in out.getvalue()


def test_elsewhere_there_is_a_line_now_and_then(suite):
    clock, out = Clock(), io.StringIO()
    progress = Progress(out, None, clock)
    for clock.now in range(21):
        progress.tell(clock.now * 100, 0, clock.now)
    assert out.getvalue() == "1,000 lines, 100/s\n2,000 lines, 100/s\n"
    assert [duration(each) for each in (0, 42, 725, 10_800)] == ["0:00", "0:42", "12:05", "3:00:00"]


def test_the_bar_is_taken_away_at_the_end(write, line):
    err = Terminal()
    assert summary(write(line()), err=err)[1] == 0
    assert err.getvalue().endswith("\r\x1b[K")
