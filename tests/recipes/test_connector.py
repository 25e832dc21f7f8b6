"""Connections of a replay: made beside the session, with a token that is fetched when it is wanted."""

from __future__ import annotations

import select
from pathlib import Path

import pytest

from recorder import recipes
from recorder.capture.options import ConnectOptions
from recorder.errors import CannotConnect
from recorder.recipes.connector import Connector, Uploader
from recorder.recipes.endpoints import simulated_token
from recorder.recipes.record_session import SessionOptions, recording
from recorder.replay.run.actions import Upload
from recorder.replay.run.driver import UploadFailed

PATIENCE_S = 20.0


@pytest.fixture
def session(archive):
    with (
        recipes.open_archive(archive, mode="write", create=True) as opened,
        recording(opened, source="replay", options=SessionOptions()) as session,
    ):
        yield session


@pytest.fixture(scope="module")
def server():
    with recipes.simulator() as server:
        yield server


def taken(opening):
    while (connection := opening.take()) is None:
        assert select.select([opening.source], [], [], PATIENCE_S)[0]
    return connection


def test_a_connection_comes_about_while_nobody_waits(session, server):
    connect = Connector(session, {"anna": ConnectOptions(url=server.url, token=simulated_token())})
    connection = taken(connect("anna", False))
    assert (connection.number, connection.token) == (1, simulated_token())
    connection.close()


def test_a_token_is_fetched_when_there_is_none_and_when_a_fresh_one_is_wanted(session, server):
    asked = []

    def fetch(consumer):
        asked.append(consumer)
        return simulated_token(f"{consumer}-{len(asked)}")

    connect = Connector(session, {"anna": ConnectOptions(url=server.url)}, fetch_token=fetch)
    connections = [taken(connect("anna", fresh)) for fresh in (False, False, True)]
    tokens = [simulated_token(who) for who in ("anna-1", "anna-1", "anna-2")]
    assert [connection.token for connection in connections] == tokens
    assert asked == ["anna", "anna"]
    for connection in connections:
        connection.close()


def test_what_was_fetched_is_blanked_before_anything_is_connected(session):
    secret = "an-opaque-token-nobody-knows"
    places = {"anna": ConnectOptions(url="ws://127.0.0.1:1/", init_connection=True)}
    connect = Connector(session, places, fetch_token=lambda consumer: secret)
    assert secret in session.redact(f"said {secret}")
    with pytest.raises(CannotConnect):
        taken(connect("anna", False))
    assert secret not in session.redact(f"said {secret}")


def test_a_token_that_cannot_be_fetched_and_a_service_that_is_not_there_are_told_alike(session):
    def fetch(consumer):
        raise CannotConnect("the service", "no token")

    places = {"anna": ConnectOptions(url="ws://127.0.0.1:1/")}
    with pytest.raises(CannotConnect, match="no token"):
        taken(Connector(session, places, fetch_token=fetch)("anna", False))
    with pytest.raises(CannotConnect, match="nothing listens"):
        taken(Connector(session, places)("anna", False))


def test_who_is_not_wanted_any_more_is_given_up_once(session, server):
    connect = Connector(session, {"anna": ConnectOptions(url=server.url)})
    opening = connect("anna", False)
    opening.give_up()
    opening.give_up()
    assert opening.take() is None
    assert opening.source is None


def upload(consumer="anna"):
    return Upload("/v1/x", b"data", "image/jpeg", consumer)


def test_a_file_that_is_not_taken_fails_in_a_sentence():
    task = Uploader({"anna": "http://127.0.0.1:1"}, ConnectOptions())(upload())
    assert select.select([task.fileno()], [], [], PATIENCE_S)[0]
    with pytest.raises(UploadFailed, match=r"could not be handed over: 127\.0\.0\.1:1"):
        task.result()
    task.close()


def test_a_file_reaches_the_simulator(archive, tmp_path):
    (tmp_path / "x.png").write_bytes(Path(__file__).read_bytes())
    script = tmp_path / "s.yaml"
    script.write_text(
        "steps:\n- open_conversation:\n- send_file: {file: x.png, type: image/png}\n"
        "- close_conversation:\nagent: []\n"
    )
    for clock in ("real", "virtual"):
        played = recipes.replay(script, archive=archive, clock=clock)
        played.raise_if_failed()
        assert played.outcome.notes == ()


def test_every_helper_is_a_source_of_its_own_for_all_its_life(session, server):
    """The connecting helper is given the descriptor number of the one that fetched the token, usually."""
    connect = Connector(
        session, {"anna": ConnectOptions(url=server.url)}, fetch_token=lambda consumer: simulated_token()
    )
    opening = connect("anna", False)
    fetching = opening.source
    assert opening.take() is None or opening.source is None
    while (connection := opening.take()) is None:
        assert select.select([opening.source], [], [], PATIENCE_S)[0]
    assert fetching.fileno() == -1
    connection.close()
