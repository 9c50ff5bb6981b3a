"""manage.py save_contact_groups: the stream of contact groups, from a file."""

import csv
import io
import json
import signal
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from commsapp.models import Operation
from contacts.models import ContactGroup
from tests.contacts.external_suite import everything

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(*args, err=None):
    """What it prints, and what it complains of: nothing, or (sentence, exit status)."""
    out = io.StringIO()
    try:
        call_command(
            "save_contact_groups", *map(str, args), "--user", "alice",
            stdout=out, stderr=err or io.StringIO(),
        )  # fmt: skip
    except CommandError as error:
        return out.getvalue(), (str(error), error.returncode)
    return out.getvalue(), None


def summary(*args, **more):
    """What `--json` says, and the exit status."""
    out, error = run(*args, "--json", **more)
    return json.loads(out), error[1] if error else 0


def reasons(path):
    text = (path.parent / "customers.failed.reasons.csv").read_text()
    return [tuple(row.values()) for row in csv.DictReader(io.StringIO(text))]


# --- What is saved ----------------------------------------------------------------------------


def test_every_line_is_saved_and_a_second_run_changes_nothing(write, line):
    path = write(*(line(f"K{number}", ContactGroupName=f"C {number}") for number in range(1_001)))
    told, status = summary(path)
    assert (told["lines"], told["outcomes"], told["failed"], status) == (
        1_001, {"Created": 1_001}, 0, 0,
    )  # fmt: skip
    assert ContactGroup.objects.count() == 1_001
    before = everything()
    told, status = summary(path)
    assert (told["outcomes"], status) == ({"Unchanged": 1_001}, 0)
    assert everything() == before
    assert [*path.parent.iterdir()] == [path]


def test_the_history_says_who_saved_and_through_what(write, line, alice):
    run(write(line("K1"), line("K2")))
    told = {(entry.user, entry.channel, entry.kind) for entry in Operation.objects.all()}
    assert told == {(alice, "command", "contacts.group_saved")}


def test_it_reads_what_the_stream_reads(write, line):
    """A BOM, carriage returns, blank lines, no end of line at the end; keys in any case."""
    lower = line("K3").replace("AlternateKey", "alternate_key")
    path = write(b"\xef\xbb\xbf" + line("K1").encode() + b"\r", "", "  ", line("K2"), lower)
    told, status = summary(path)
    assert (told["outcomes"], told["last_line"], status) == ({"Created": 3}, 5, 0)


def test_the_same_key_twice_is_saved_in_order(write, line):
    path = write(
        line(ContactGroupName="Old"), line(ContactGroupName="New"), line(MarkAsArchived=True)
    )
    told, _status = summary(path)
    assert told["outcomes"] == {"Created": 1, "Updated": 1, "Archived": 1}


def test_the_summary_is_for_people_unless_asked_otherwise(write, line):
    out, error = run(write(line("K1"), line("K2")))
    assert error is None
    assert out.startswith("2 lines in 0:0")
    assert [row.split() for row in out.splitlines()[1:]] == [["Created", "2"], ["Failed", "0"]]


# --- What fails -------------------------------------------------------------------------------


def test_failed_lines_are_kept_as_they_were_with_all_the_reasons(write, line, suite):
    bad = line("K2", ContactGroupName=" ", GroupRoleId=None)
    path = write(line("K1"), "", bad, "{no json", "[]", line("K3"))
    err = io.StringIO()
    out, (told, status) = run(path, err=err)
    assert status == 1
    assert "3 lines failed" in told
    assert [row.split() for row in out.splitlines()[1:]] == [["Created", "2"], ["Failed", "3"]]
    failed = path.parent / "customers.failed.jsonl"
    assert failed.read_text() == f"{bad}\n{{no json\n[]\n"
    assert [row[:4] for row in sorted(reasons(path))] == [
        ("3", "K2", "ContactGroup.ContactGroupName", "NotEmpty"),
        ("3", "K2", "ContactGroup.GroupRoleId", "NotEmpty"),
        ("4", "", "", "SerializationException"),
        ("5", "", "", "SerializationException"),
    ]
    assert all(message for *_rest, message in reasons(path))
    assert "Line 3: ContactGroup.GroupRoleId: NotEmpty: " in err.getvalue()


def test_the_failed_lines_can_be_corrected_and_run_again(write, line):
    path = write(line("K1"), line("K2", ContactGroupName=""))
    run(path)
    failed = path.parent / "customers.failed.jsonl"
    failed.write_text(failed.read_text().replace('""', '"Corrected"'))
    told, status = summary(failed)
    assert (told["outcomes"], status) == ({"Created": 1}, 0)
    assert ContactGroup.objects.get(name="Corrected")


def test_the_files_of_failures_are_those_of_the_last_run(write, line):
    path = write(line("K1", ContactGroupName=""))
    run(path)
    write(line("K1"))
    _told, status = summary(path)
    assert status == 0
    assert [*path.parent.iterdir()] == [path]


def test_the_failed_lines_go_where_one_likes(write, line, tmp_path):
    path = write(line(ContactGroupName=""))
    told, _status = summary(path, "--failed", tmp_path / "bad.jsonl")
    assert told["failed_lines"] == str(tmp_path / "bad.jsonl")
    assert told["reasons"] == str(tmp_path / "bad.reasons.csv")
    assert {each.name for each in tmp_path.iterdir()} == {
        "customers.jsonl", "bad.jsonl", "bad.reasons.csv",
    }  # fmt: skip


def test_a_line_over_the_limit_is_told_and_the_rest_goes_on(write, line):
    path = write(line("K1"), line("K2", ContactGroupName="x" * 1024 * 1024), line("K3"))
    told, status = summary(path)
    assert (told["outcomes"], told["failed"], status) == ({"Created": 2}, 1, 1)
    assert (path.parent / "customers.failed.jsonl").read_text() == ""
    assert [row[:4] for row in reasons(path)] == [("2", "", "", "RequestTooLarge")]


def test_no_reason_is_a_formula_to_a_spreadsheet(write, line):
    path = write(line("=HYPERLINK(1)", ContactGroupName=""))
    run(path)
    assert reasons(path)[0][1] == "'=HYPERLINK(1)"


def test_who_may_not_save_saves_nothing(write, line, charlie, suite):
    before = everything()
    path = write(line("K1"))
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command(
            "save_contact_groups", str(path), "--user", "charlie", stdout=out, stderr=io.StringIO()
        )
    assert raised.value.returncode == 1
    assert [row[3] for row in reasons(path)] == ["Forbidden"]
    assert everything() == before


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--user", "nobody"), "There is no active user “nobody”."),
        (("--user", "alice", "--failed", "{file}"), "--failed is the file itself: name another."),
        (("--user", "alice", "--failed", "/no/such/folder/x.jsonl"), "No such file or directory"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_saved(write, line, args, told, alice):
    path = write(line())
    before = everything()
    with pytest.raises(CommandError, match=told):
        call_command("save_contact_groups", path, *(arg.format(file=path) for arg in args))
    assert everything() == before
    with pytest.raises(CommandError, match=r"missing\.jsonl: No such file"):
        call_command("save_contact_groups", path.with_name("missing.jsonl"), "--user", "alice")


# --- A dry run ----------------------------------------------------------------------------------


def test_a_dry_run_tells_all_and_saves_nothing(write, line):
    path = write(line("K1"), line("K2"), line("K3", ContactGroupName=""))
    before = everything()
    told, status = summary(path, "--dry-run")
    assert (told["dry_run"], told["outcomes"], told["failed"], status) == (
        True, {"Created": 2}, 1, 1,
    )  # fmt: skip
    assert len(reasons(path)) == 1
    assert everything() == before
    out, _error = run(path, "--dry-run")
    assert out.startswith("A dry run: nothing was saved.\n")


# --- Standard input, and being stopped ----------------------------------------------------------


class Pipe(io.RawIOBase):
    """Some pieces, one at a time; a function among them is called in the place of one."""

    def __init__(self, *pieces):
        self.pieces = [*pieces]

    def read1(self, size):
        while self.pieces:
            piece = self.pieces.pop(0)
            if not callable(piece):
                return piece.encode()
            piece()
        return b""


@pytest.fixture
def stdin(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def give(*pieces):
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": Pipe(*pieces)}))

    return give


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_standard_input_is_read_as_a_file_is(stdin, line, tmp_path):
    one, two = line("K1"), line("K2", ContactGroupName="")
    stdin(one[:10], one[10:] + "\n" + two[:5], two[5:])
    told, status = summary("-")
    assert (told["outcomes"], told["failed"], status) == ({"Created": 1}, 1, 1)
    assert told["failed_lines"] == "save_contact_groups.failed.jsonl"
    assert (tmp_path / told["failed_lines"]).read_text() == two + "\n"


def test_ctrl_c_stops_the_waiting_for_more_and_says_where(stdin, line):
    lines = "".join(line(f"K{number}") + "\n" for number in range(700))
    stdin(lines, interrupt, line("never") + "\n")
    before = signal.getsignal(signal.SIGINT)
    out, (told, status) = run("-")
    assert status == 130
    assert told.startswith("Stopped after line 500. Run the same again to go on")
    assert "Created             500" in out
    assert ContactGroup.objects.count() == 500
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_saving_stops_after_the_group_that_is_being_saved(write, line):
    path = write(*(line(f"K{number}") for number in range(1_200)))

    def interrupt_once(execute, sql, *args):
        if sql.startswith("INSERT") and not interrupted:
            interrupted.append(True)
            interrupt()
        return execute(sql, *args)

    interrupted = []
    with connection.execute_wrapper(interrupt_once):
        _out, (told, status) = run(path)
    assert (status, told.split(".")[0]) == (130, "Stopped after line 500")
    assert ContactGroup.objects.count() == 500
    told, status = summary(path)
    assert (told["outcomes"], status) == ({"Created": 700, "Unchanged": 500}, 0)
