"""SaveContactGroup[] in JSON Lines over the wire: sent and read by turns, or both at once."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import time
import zlib
from contextlib import ExitStack, closing, suppress
from itertools import repeat
from pathlib import Path
from uuid import uuid4

import pytest

from tests.api.message.requests_and_answers import PATH, Talk, lines, outcomes


@pytest.fixture
def talk(demo):
    with closing(Talk(demo)) as talk:
        yield talk


@pytest.fixture
def key():
    return f"{uuid4()}-%s"


def test_the_head_comes_before_the_first_line_is_sent(talk):
    head = talk.head()
    assert (head.status, head.headers["Content-Type"]) == (200, "text/jsonl")
    assert head.headers["Content-Encoding"] is None
    assert talk.end() == []


def test_who_waits_for_an_answer_before_going_on_gets_it(talk, key):
    for place in range(3):
        talk.send(lines(talk.body(key % place)))
        assert talk.read()["Meta"]["Outcome"] == "Created"
    assert talk.end() == []


def test_a_line_may_come_in_pieces_and_a_piece_may_hold_many(talk, key):
    line = lines(talk.body(key % 0))
    talk.send(line[:9])
    time.sleep(0.3)
    talk.send(line[9:] + lines(talk.body(key % 1)) + line[:5])
    assert outcomes([talk.read(), talk.read()]) == ["Created", "Created"]
    talk.send(line[5:-1])
    assert outcomes(talk.end()) == ["Unchanged"]


def test_many_lines_in_a_chunk_each_are_not_waited_for_one_by_one(talk, key):
    start = time.monotonic()
    framed = [b"%x\r\n%b\r\n" % (len(one), one) for one in (lines(talk.body(key % 0)),) * 50]
    talk.connection.send(b"".join(framed))
    assert len([talk.read() for _ in framed]) == 50
    assert time.monotonic() - start < 5


def test_the_connection_goes_on_after_a_stream(talk, key):
    talk.send(lines(talk.body(key % 0)))
    assert outcomes(talk.end()) == ["Created"]
    talk.connection.request("GET", "/services/data")
    assert talk.connection.getresponse().status == 200


PACKERS = {
    "gzip": lambda: zlib.compressobj(wbits=31),
    "deflate": zlib.compressobj,
    "bare deflate": lambda: zlib.compressobj(wbits=-15),
}


@pytest.mark.parametrize("name", PACKERS)
def test_a_compressed_stream_is_inflated_as_it_comes(demo, key, name):
    packer = PACKERS[name]()
    with closing(Talk(demo, Content_Encoding=name.split()[-1])) as talk:
        for place in range(2):
            packed = packer.compress(lines(talk.body(key % place)))
            talk.send(packed + packer.flush(zlib.Z_SYNC_FLUSH))
            assert talk.read()["Meta"]["Outcome"] == "Created"
        talk.send(packer.compress(lines(talk.body(key % 2))) + packer.flush())
        assert outcomes(talk.end()) == ["Created"]


def test_a_body_with_a_length_is_a_stream_as_well(demo, key):
    whole = b"".join(lines({"x": place}) for place in range(2))
    with closing(Talk(demo, Content_Length=str(len(whole)))) as talk:
        for line in whole.splitlines(keepends=True):
            talk.send(line)
            assert talk.read()["ErrorCode"] == "NotEmpty"
        assert talk.head().read() == b""


@pytest.mark.parametrize("end", [b"zz\r\n", b"5\r\n12345xx"], ids=["size", "end"])
def test_broken_chunks_end_the_stream_and_the_connection(talk, key, end):
    talk.send(lines(talk.body(key % 0)))
    assert talk.read()["Meta"]["Outcome"] == "Created"
    talk.connection.send(end)
    with pytest.raises(http.client.IncompleteRead):
        talk.head().read()
    assert talk.socket.recv(1) == b""


def test_what_is_no_gzip_is_told_where_it_begins(demo, key):
    with closing(Talk(demo, Content_Encoding="gzip")) as talk:
        packed = gzip.compress(lines(talk.body(key % 0)))
        talk.send(packed + b"nonsense")
        assert outcomes([talk.read(), talk.read()]) == ["Created", "SerializationException"]


def test_a_client_that_speaks_http_1_0_is_answered_too(demo, key, talk):
    body = lines(talk.body(key % 0))
    head = (
        f"POST {PATH} HTTP/1.0\r\nAuthorization: Bearer {demo['access_token']}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(talk.connection.sock.getpeername(), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        text = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"Outcome":"Created"' in text.partition(b"\r\n\r\n")[2]
    assert talk.end() == []


# --- Long ones --------------------------------------------------------------------------------


def memory_of_the_server():
    """Kilobytes that the largest worker uses."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
    ours, found = {os.getpid()}, 0
    while len(ours) != found:
        found = len(ours)
        ours |= {pid for pid, parent in parents.items() if parent in ours}
    served = [pid for pid in ours if "gunicorn" in Path(f"/proc/{pid}/cmdline").read_text()]
    status = [Path(f"/proc/{pid}/status").read_text() for pid in served]
    return max(int(text.partition("VmRSS:")[2].split()[0]) for text in status)


def test_a_long_stream_is_answered_while_it_is_sent_and_kept_nowhere(talk, key):
    """The lines are larger than all buffers on the way, and so are their answers."""
    count, size = 30_000, 1_000
    piece = [talk.body(key % place) | {"Note": "x" * size} for place in range(size)]
    sent, thread = talk.sending([lines(*piece[:20])] * (count // 20))
    answers, usage = 0, []
    for line in talk.head():
        answer = json.loads(line)
        answers += 1
        assert answer["Meta"]["Line"] == str(answers)
        if answers == 1:
            assert len(sent) < count // 20 / 2
        if answers % 5_000 == 0:
            usage.append(memory_of_the_server())
    thread.join()
    assert answers == count
    assert max(usage) - usage[0] < 16 * 1024


def test_who_goes_away_ends_the_work_and_leaves_no_half_of_a_group(installation, demo, key):
    """Many times, so that a thread that is kept would be missing in the end."""
    log = Path(installation.env["VAR_DIR"]).parent / "gunicorn.log"
    told = log.stat().st_size
    refused = repeat(lines({"x": "y" * 100}))
    for number in range(17):
        client = Talk(demo)
        saves = (lines(client.body(key % place)) for place in range(1_000_000))
        _sent, thread = client.sending(refused if number else saves)
        assert client.read()["Message"]
        client.socket.shutdown(socket.SHUT_RDWR)
        client.head().close()
        client.close()
        thread.join()
    saved = saved_keys(demo, key)
    assert {*saved} == {str(place) for place in range(len(saved))}
    assert saved
    time.sleep(0.3)
    assert saved_keys(demo, key) == saved
    assert "Traceback" not in log.read_text()[told:]


def saved_keys(demo, key):
    found = demo.all_of(f"alternate-keys?data_source={demo['data_source']}&page_size=1000")
    prefix = key % ""
    return [row["value"].removeprefix(prefix) for row in found if row["value"].startswith(prefix)]


def test_compressed_blank_lines_delay_no_other_stream_and_end_when_their_client_goes(demo, key):
    """7 GiB of them in 7 MB: all but one of the streams that a client may have."""
    blank = gzip.compress(b"\n" * 2**30)
    clients = [Talk(demo, Content_Encoding="gzip") for _number in range(7)]
    for client in clients:
        client.sending([blank])
    with closing(Talk(demo)) as other:
        begun = time.monotonic()
        other.send(lines(other.body(key % 1)))
        assert other.read()["Message"]
        assert time.monotonic() - begun < 8
    for client in clients:
        client.socket.shutdown(socket.SHUT_RDWR)
        client.close()
    deadline = time.monotonic() + 10
    with ExitStack() as stack:  # all of the client's places are free again
        opened = 0
        while opened < 8:
            assert time.monotonic() < deadline
            client = Talk(demo)
            stack.callback(client.close)
            opened += client.head().status == 200
            time.sleep(0.1)
