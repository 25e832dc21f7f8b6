"""What each of us is called where a session holds several, in the table of the session and of one dialog."""

from __future__ import annotations

import pytest
from builders.two_sides import AGENT, CONSUMER, OTHER, Capture, Told

GET, SET = "userprofile.GetUserProfile", "userprofile.SetUserProfile"


@pytest.fixture
def told(tmp_path):
    def tell(capture: Capture) -> Told:
        about = Told(tmp_path)
        about.imports(capture, "first")
        return about

    return tell


def consumer_and_agent() -> Capture:
    return Capture().opened(1, token=CONSUMER).opened(2, token=AGENT)


def talk(capture: Capture) -> Capture:
    both = (1, 2)
    capture.say(1, 0, "Hello?", by=CONSUMER, to=both).give(2, "READ", 0, 1, by=AGENT, to=both)
    return capture.say(2, 2, "Hi.", by=AGENT, to=both).give(1, "READ", 2, 3, by=CONSUMER, to=both)


ANN = {"userId": "12345678.4711", "nickName": "Ann", "firstName": "Annabel"}


@pytest.mark.parametrize(
    ("kind", "asked", "answered", "called"),
    [
        pytest.param(GET, {}, ANN, "you (agent Ann)", id="her own"),
        pytest.param(f".ams.{GET}", {}, ANN, "you (agent Ann)", id="her own in v2"),
        pytest.param(GET, AGENT, {"firstName": "Ann", "lastName": "Lee"}, "you (agent Ann Lee)", id="by id"),
        pytest.param(
            GET, {"userId": AGENT}, [{"personal": {"firstname": "Ann"}}], "you (agent Ann)", id="sdk"
        ),
        pytest.param(SET, {"nickname": "Ann"}, "OK", "you (agent Ann)", id="set by herself"),
        pytest.param(GET, {}, {"userId": "x"}, "you (agent 3d834d4d)", id="no name"),
        pytest.param(GET, {"userId": "somebody"}, ANN, "you (agent 3d834d4d)", id="of somebody else"),
        pytest.param(GET, {}, {"nickName": 7, "firstName": " "}, "you (agent 3d834d4d)", id="no text"),
    ],
)
def test_a_name_is_what_a_user_profile_says(told, kind, asked, answered, called):
    about = told(talk(consumer_and_agent().request(2, kind, asked, answered)))
    assert called in about.shown("message list")
    assert "you (consumer)" in about.shown("message list")


def test_a_refused_profile_names_nobody(told):
    capture = consumer_and_agent().request(2, SET, {"nickname": "Ann"}, "no", code=403)
    assert "you (agent 3d834d4d)" in told(talk(capture)).shown("message list")


def test_of_two_profiles_the_newest_counts(told):
    capture = consumer_and_agent().request(2, GET, {}, ANN).request(2, SET, {"nickname": "Anna"}, "OK")
    assert "you (agent Anna)" in told(talk(capture)).shown("message list")


def test_two_of_one_name_are_told_apart_by_their_ids(told):
    capture = Capture().opened(1, token=AGENT).opened(2, token=OTHER)
    capture.request(1, GET, {}, ANN).request(2, GET, {}, ANN)
    capture.say(1, 0, "Hello?", by=AGENT, to=(1, 2)).say(2, 1, "Hi.", by=OTHER, to=(1, 2))
    listed = told(capture).shown("message list")
    assert "you (agent Ann 3d834d4d)" in listed
    assert "you (agent Ann 5e6f7a8b)" in listed


def test_a_name_stands_in_the_summary_and_in_a_column(told):
    about = told(talk(consumer_and_agent().request(2, GET, {}, ANN)))
    assert f"you (agent Ann): {AGENT} (Ann), connection 2" in about.shown("session show")
    assert [each["name"] for each in about.summary()["selves"]] == [None, "Ann"]
    assert about.rows("participant", "participant", "name", "role")[0] == (CONSUMER, None, "CONSUMER")
    assert (AGENT, "Ann", "ASSIGNED_AGENT") in about.rows("participant", "participant", "name", "role")


@pytest.mark.parametrize("arguments", [(), ("--at", "#6")], ids=["rows", "fold"])
def test_one_dialog_names_us_as_the_whole_session_does(told, arguments):
    """The agent speaks in another dialog only, and the rows of this one know nothing of her."""
    capture = consumer_and_agent().request(2, GET, {}, ANN)
    about = told(capture.say(1, 0, "Hello?", by=CONSUMER).give(0, "READ", 0, 1, by=OTHER))
    whole, one = (
        about.shown("message list"),
        about.run("message", "list", "last", "--dialog", "d", *arguments),
    )
    assert "you (consumer)" in one
    assert whole == one


def test_one_dialog_tells_an_unknown_self_by_its_connection(told):
    capture = Capture().opened(1, token=CONSUMER).opened(2).say(1, 0, "Hello?", by=CONSUMER)
    capture.give(2, "READ", 0, 1, by=AGENT, to=())
    about = told(capture)
    assert about.shown("message list") == about.run("message", "list", "last", "--dialog", "d")
    assert "you (connection 2)" in about.shown("message list")
