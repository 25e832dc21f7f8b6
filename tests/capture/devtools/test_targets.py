"""Every target is attached to and listened to before it runs; what is no event of a target tells nothing."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.devtools.targets import BROKE_DOWN, GONE, AttachedTargets, TargetEvent, TargetGone


def attached(session="S", **info):
    return {
        "method": "Target.attachedToTarget",
        "params": {"sessionId": session, "targetInfo": {"type": "page", "url": "https://a.example", **info}},
    }


def test_a_new_target_listens_to_the_network_before_it_goes_on():
    targets = AttachedTargets()
    commands, told = targets.feed(attached())
    assert told is None
    assert [(each.method, each.session) for each in commands] == [
        ("Network.enable", "S"),
        ("Target.setAutoAttach", "S"),
        ("Runtime.runIfWaitingForDebugger", "S"),
    ]
    assert commands[1].params == {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}


def test_a_page_is_opened_where_the_first_one_is():
    targets = AttachedTargets()
    assert targets.open_page("shop.example") == []
    for each in (attached("W", type="worker"), attached("P"), attached("Q")):
        targets.feed(each)
    (command,) = targets.open_page("shop.example/a?b=http://c")
    assert (command.method, command.session) == ("Page.navigate", "P")
    assert [
        targets.open_page(url)[0].params["url"] for url in ("shop.example", "http://a.example", "about:blank")
    ] == [
        "https://shop.example",
        "http://a.example",
        "about:blank",
    ]


def test_at_the_end_every_target_is_asked_once_more():
    targets = AttachedTargets()
    for each in ("S", "T"):
        targets.feed(attached(each))
    assert [command.session for command in targets.last_commands()] == ["S", "T"]


def test_an_event_is_told_with_its_target():
    message = {"method": "Network.webSocketClosed", "params": {"requestId": "1"}, "sessionId": "S"}
    assert AttachedTargets().feed(message) == (
        [],
        TargetEvent("S", "Network.webSocketClosed", {"requestId": "1"}),
    )


def test_a_target_that_is_detached_is_gone_once():
    targets = AttachedTargets()
    targets.feed(attached())
    detached = {"method": "Target.detachedFromTarget", "params": {"sessionId": "S"}}
    assert targets.feed(detached) == ([], TargetGone("S", GONE))
    assert targets.feed(detached) == ([], None)


def test_a_target_that_crashed_is_gone():
    message = {"method": "Inspector.targetCrashed", "params": {}, "sessionId": "S"}
    assert AttachedTargets().feed(message) == ([], TargetGone("S", BROKE_DOWN))


anything = (
    st.none() | st.text(max_size=3) | st.integers() | st.dictionaries(st.text(max_size=3), st.integers())
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "method": anything
            | st.sampled_from(["Target.attachedToTarget", "Target.detachedFromTarget", "Network.x"]),
            "params": anything | st.fixed_dictionaries({"sessionId": anything, "targetInfo": anything}),
            "sessionId": anything,
            "id": anything,
        },
    )
)
def test_no_message_raises(message):
    commands, told = AttachedTargets().feed(message)
    assert told is None or told.session is not None
    assert all(command.session is not None for command in commands)
