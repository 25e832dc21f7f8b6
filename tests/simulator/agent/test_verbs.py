"""What the agent can do, as the consumer is told of it."""

import pytest

from recorder.simulator import agent_from
from recorder.simulator.agent.rules import VERBS
from recorder.simulator.agent.runner import VERB_HANDLERS


def answered(serve, *do):
    """What a consumer is told after a message, by an agent that does these things at once."""
    session = serve(agent=agent_from([{"on": "message", "do": list(do)}]))
    dialog_id = session.open()
    session.write(dialog_id, "Hi")
    return session, dialog_id, [what for _, _, what in session.wait(0)]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        pytest.param(
            {"say": 'You said "{message}".'},
            {"type": "ContentEvent", "message": 'You said "Hi".', "contentType": "text/plain"},
            id="say",
        ),
        pytest.param(
            {"send_file": {"caption": "A map", "path": "/v1/x.PNG", "preview": "data:,"}},
            {
                "type": "ContentEvent",
                "contentType": "hosted/file",
                "message": {
                    "caption": "A map",
                    "relativePath": "/v1/x.PNG",
                    "fileType": "PNG",
                    "preview": "data:,",
                },
            },
            id="file",
        ),
        pytest.param(
            {"rich": {"content": {"type": "vertical", "elements": []}, "quick_replies": {"replies": []}}},
            {
                "type": "RichContentEvent",
                "content": {"type": "vertical", "elements": []},
                "quickReplies": {"replies": []},
            },
            id="rich",
        ),
        pytest.param("nack", {"type": "AcceptStatusEvent", "status": "NACK", "sequenceList": [0]}, id="nack"),
        pytest.param(
            {"access": [0, 7]},
            {"type": "AcceptStatusEvent", "status": "ACCESS", "sequenceList": [0, 7]},
            id="access",
        ),
        pytest.param(
            {"receipt": {"status": "VIEWED", "sequences": "all"}},
            {"type": "AcceptStatusEvent", "status": "VIEWED", "sequenceList": [0]},
            id="all",
        ),
        pytest.param({"type": "PAUSE"}, {"type": "ChatStateEvent", "chatState": "PAUSE"}, id="type"),
    ],
)
def test_a_verb_is_one_event(serve, changes, line, event):
    _, _, delivered = answered(serve, line)
    assert changes(delivered)[0]["event"] == event


def test_quick_replies_are_buttons_that_publish_their_text(serve, changes):
    _, _, delivered = answered(serve, {"say": {"text": "Sure?", "quick_replies": ["Yes", "No"]}})
    replies = changes(delivered)[0]["event"]["quickReplies"]["replies"]
    assert [(each["title"], each["click"]["actions"]) for each in replies] == [
        (title, [{"type": "publishText", "text": title}]) for title in ("Yes", "No")
    ]


@pytest.mark.parametrize("line", [{"say": {"text": "x"}}, {"rich": {"content": {}}}])
def test_metadata_goes_along(serve, changes, line):
    ((verb, sent),) = line.items()
    _, _, delivered = answered(serve, {verb: sent | {"metadata": [{"type": "BotResponse"}]}})
    assert changes(delivered)[0]["metadata"] == [{"type": "BotResponse"}]


def test_a_file_gets_a_path_of_its_own(serve, changes):
    _, _, delivered = answered(
        serve, {"send_file": "One"}, {"send_file": {"caption": "Two", "file_type": "GIF"}}
    )
    paths = [change["event"]["message"]["relativePath"] for change in changes(delivered)]
    assert [path.rpartition(".")[2] for path in paths] == ["PNG", "GIF"]
    assert len(set(paths)) == 2


def test_hang_up_closes_the_consumers_connections(serve):
    session, _, _ = answered(serve, {"hang_up": {"code": 4407, "reason": "identity"}})
    (hang_up,) = session.close_effects()
    assert (hang_up.code, hang_up.reason) == (4407, "identity")
    assert session.say('{"id":1,"type":"GetClock"}') == []


@pytest.mark.parametrize(
    ("frame", "received"),
    [
        ("not JSON", "not JSON"),
        ({"kind": "notification", "type": "x.Y"}, {"kind": "notification", "type": "x.Y"}),
    ],
)
def test_any_frame_may_be_sent(serve, frame, received):
    _, _, delivered = answered(serve, {"send": {"frame": frame}})
    assert delivered == [received]


def test_every_verb_has_a_handler():
    assert set(VERBS.values()) == VERB_HANDLERS.keys()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"read": "every"}, "all"),
        ({"read": ["one"]}, "integer"),
        ({"accept": {"status": "READ"}}, "ACCEPT"),
        ({"send_file": {"file_type": "EXE"}}, "PNG"),
        ({"rich": {}}, "content"),
        ({"hang_up": 1005}, "cannot be sent"),
        ({"transfer": {"away": "soon"}}, "duration"),
        ({"survey": {"questions": []}}, "at least 1"),
        ({"send": {}}, "frame"),
        ({"say": {"text": "x", "quick_replies": [1]}}, "quick_replies"),
        ({"read": {"after": "3s..1s"}}, "shorter one comes first"),
    ],
)
def test_invalid_moods_are_refused(line, reason):
    with pytest.raises(ValueError, match=reason):
        agent_from([{"on": "message", "do": [line]}])
