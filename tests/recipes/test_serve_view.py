"""The page of a session over a real socket, and how it grows."""

from __future__ import annotations

import http.client
import json
import threading
from urllib.parse import urlsplit

import pytest
from builders.growing import GrowingSession, viewed

from recorder import recipes
from recorder.errors import BadOption, NotFound


@pytest.fixture
def session(tmp_path):
    growing = GrowingSession(tmp_path / "x.db")
    yield growing
    growing.close()


class Visitor:
    """A browser's part: it opens the address, keeps the cookie and asks on."""

    def __init__(self, address):
        parts = urlsplit(address)
        self._host = parts.netloc
        self.cookie = ""
        response = self.ask("GET", f"{parts.path}?{parts.query}")
        self.place = response.getheader("location")
        self.cookie = response.getheader("set-cookie").partition(";")[0]

    def ask(self, method, target, **headers):
        client = http.client.HTTPConnection(self._host, timeout=60)
        client.request(method, target, headers={"Cookie": self.cookie, **headers})
        response = client.getresponse()
        self.body = response.read()
        client.close()
        return response

    def data(self, after=None):
        """The data of the page, once there is a later version."""
        while self.ask("GET", f"{self.place}data?after={after}").status == 204:
            pass
        return json.loads(self.body)


def test_what_is_recorded_meanwhile_is_in_the_next_version(session, tmp_path):
    session.write(0, "hello")
    with viewed(tmp_path / "x.db") as address:
        visitor = Visitor(address)
        first = visitor.data()
        assert (first["version"], first["sessions"][0]["last"]) == (1, 1)
        session.read(1, message=0)
        second = visitor.data(after=1)
        (growth,) = second["growths"]
        assert (second["version"], growth["last"], growth["facts"]["from"][0]) == (2, 2, 2)
        session.end()
        last = visitor.data(after=2)["sessions"][0]
        assert (last["state"], last["honesty"][0]) == ("complete", "Complete")


def test_a_foreign_host_and_method_are_refused_on_the_socket(session, tmp_path):
    session.write(0, "hello")
    with viewed(tmp_path / "x.db") as address:
        visitor = Visitor(address)
        assert visitor.ask("GET", visitor.place).status == 200
        assert visitor.ask("GET", visitor.place, Host="evil.test").status == 403
        assert visitor.body == b"Host must be localhost, 127.0.0.1 or [::1], with this port.\n"
        assert visitor.ask("GET", visitor.place, Origin="http://evil.test").status == 403
        assert visitor.ask("POST", visitor.place).status == 405
        assert visitor.ask("GET", f"{visitor.place}block/1/../../../etc/passwd").status == 404
        assert visitor.ask("GET", address.partition(visitor._host)[2], Cookie="").status == 403


def test_texts_can_be_left_out(session, tmp_path):
    session.write(0, "something private")
    with viewed(tmp_path / "x.db", redact="text") as address:
        assert "It holds no message text" in Visitor(address).data()["sessions"][0]["honesty"]


def test_what_cannot_be_served_is_told_before(session, tmp_path):
    stop = threading.Event()
    with recipes.open_archive(str(tmp_path / "x.db")) as archive:
        for name, options, error in (
            ("nothing", {"listen": "127.0.0.1:0"}, NotFound),
            ("last", {"listen": "0.0.0.0:0"}, BadOption),
            ("last", {"listen": "127.0.0.1:0", "redact": "words"}, BadOption),
        ):
            with pytest.raises(error):
                recipes.serve_session(archive, name, stop=stop, on_listening=print, **options)
