"""What the agent can do, as the consumer is told of it."""

import pytest

from recorder.simulator import agent_from
from recorder.simulator.agent.rules import RuleAction
from recorder.simulator.agent.verbs import VERBS


def answered(visit, *do):
    """What a consumer is told after a message, by an agent that does these things at once."""
    guest = visit(agent=agent_from([{"on": "message", "do": list(do)}]))
    dialog_id = guest.open()
    guest.write(dialog_id, "Hi")
    return guest, dialog_id, [what for _, _, what in guest.wait(0)]


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
def test_a_verb_is_one_event(visit, changes, line, event):
    _, _, told = answered(visit, line)
    assert changes(told)[0]["event"] == event


def test_quick_replies_are_buttons_that_publish_their_text(visit, changes):
    _, _, told = answered(visit, {"say": {"text": "Sure?", "quick_replies": ["Yes", "No"]}})
    replies = changes(told)[0]["event"]["quickReplies"]["replies"]
    assert [(each["title"], each["click"]["actions"]) for each in replies] == [
        (title, [{"type": "publishText", "text": title}]) for title in ("Yes", "No")
    ]


@pytest.mark.parametrize("line", [{"say": {"text": "x"}}, {"rich": {"content": {}}}])
def test_metadata_goes_along(visit, changes, line):
    ((verb, said),) = line.items()
    _, _, told = answered(visit, {verb: said | {"metadata": [{"type": "BotResponse"}]}})
    assert changes(told)[0]["metadata"] == [{"type": "BotResponse"}]


def test_a_file_gets_a_path_of_its_own(visit, changes):
    _, _, told = answered(visit, {"send_file": "One"}, {"send_file": {"caption": "Two", "file_type": "GIF"}})
    paths = [change["event"]["message"]["relativePath"] for change in changes(told)]
    assert [path.rpartition(".")[2] for path in paths] == ["PNG", "GIF"]
    assert len(set(paths)) == 2


def test_the_agent_may_have_the_service_hang_up(visit):
    guest, _, _ = answered(visit, {"hang_up": {"code": 4407, "reason": "identity"}})
    (hang_up,) = guest.hang_ups()
    assert (hang_up.code, hang_up.reason) == (4407, "identity")
    assert guest.say('{"id":1,"type":"GetClock"}') == []


@pytest.mark.parametrize(
    ("frame", "heard"),
    [
        ("not JSON", "not JSON"),
        ({"kind": "notification", "type": "x.Y"}, {"kind": "notification", "type": "x.Y"}),
    ],
)
def test_any_frame_may_be_sent(visit, frame, heard):
    _, _, told = answered(visit, {"send": {"frame": frame}})
    assert told == [heard]


def test_every_verb_is_one_key_of_a_line_and_the_other_way_round():
    assert VERBS.keys() == RuleAction.model_fields.keys() - {"after"}


@pytest.mark.parametrize(
    ("line", "says"),
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
def test_what_makes_no_sense_is_refused(line, says):
    with pytest.raises(ValueError, match=says):
        agent_from([{"on": "message", "do": [line]}])
