"""What everybody behind the counter shares."""

from recorder.simulator.delivery.connections import Client, Switchboard
from recorder.simulator.delivery.context import Backstage, text_event
from recorder.simulator.delivery.encoder import Wording
from recorder.simulator.delivery.scheduler import Agenda
from recorder.simulator.faults.config import CALM
from recorder.simulator.faults.injector import Mischief
from recorder.simulator.faults.randomness import Dice
from recorder.simulator.protocol.conversations import Participant, open_conversation
from recorder.simulator.service import seeded_ids

CONSUMER = Participant("her", "CONSUMER")


def backstage():
    mischief, wording, dice = Mischief(), Wording(), Dice()
    board = Switchboard(wording, mischief)
    return Backstage(
        CALM, dice, wording, mischief, board, Agenda(), seeded_ids(), lambda now_s: int(now_s * 1000), {}
    )


def conversation():
    return open_conversation("c", account="le-sim", consumer=CONSUMER, asked={}, now_ms=0)


def test_what_is_said_takes_its_number_and_time_and_reaches_its_listeners():
    shared, talk = backstage(), conversation()
    listener = Client(1, "le-sim", heard_s=0.0, opened={"c"})
    shared.board.add(listener)
    shared.board.let_in(listener, "her")
    said = shared.say(talk, talk.main, CONSUMER, text_event("Hi"), now_s=2.5)
    assert (said.sequence, said.server_ms) == (0, 2500)
    (letter,) = shared.board.take_items()
    assert '"message":"Hi"' in letter.text


def test_a_chat_state_is_told_and_not_kept():
    shared, talk = backstage(), conversation()
    said = shared.say(talk, talk.main, CONSUMER, {"type": "ChatStateEvent", "chatState": "GONE"}, now_s=1.0)
    assert (said.sequence, talk.main.published) == (None, [])


def test_what_is_put_among_a_consumer_s_conversations_stays():
    shared, talk = backstage(), conversation()
    shared.owned_by("le-sim", "her")["c"] = talk
    assert shared.owned_by("le-sim", "her") == {"c": talk}
    assert shared.owned_by("another", "her") == {}


def test_a_text_event_may_carry_more():
    assert text_event("Hi", quickReplies={}) == {
        "type": "ContentEvent",
        "message": "Hi",
        "contentType": "text/plain",
        "quickReplies": {},
    }
