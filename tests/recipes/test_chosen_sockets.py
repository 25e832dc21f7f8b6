"""Which sockets are recorded: LivePerson's, those of one address, or all."""

import pytest

from recorder.recipes.chosen_sockets import ChosenSockets, left_out, wants_exchange
from recorder.wire.records import HttpExchange

UMS = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
OTHER = "wss://chat.example/live"
ENVELOPE = b'{"kind":"req","id":"1","type":"GetClock"}'


@pytest.mark.parametrize(
    ("chosen", "ums", "other"),
    [
        (ChosenSockets(), True, False),
        (ChosenSockets(every_socket=True), True, True),
        (ChosenSockets(url="chat.example"), False, True),
        (ChosenSockets(url="chat.example", every_socket=True), False, True),
    ],
)
def test_an_address_is_chosen(chosen, ums, other):
    assert [chosen.wants_url(UMS), chosen.wants_url(OTHER)] == [ums, other]


def test_a_socket_of_unknown_address_is_chosen_by_what_it_says():
    assert ChosenSockets().wants_payload(ENVELOPE)
    assert not ChosenSockets().wants_payload(b"hello")
    assert ChosenSockets(every_socket=True).wants_payload(b"hello")


def exchange(url: str, connection: int | None = None) -> HttpExchange:
    return HttpExchange(connection, "other", None, None, "PUT", url, None)


def test_requests_of_the_service_are_kept_and_what_belongs_to_a_socket():
    """A foreign upload looks like one of ours by method and the beginning of its path."""
    assert wants_exchange(exchange("https://a.example/api/account/1/signup"))
    assert not wants_exchange(exchange("https://shop.example/v1/basket"))
    assert wants_exchange(exchange("https://shop.example/v1/basket", connection=1))


def test_what_is_left_out_is_counted():
    assert [left_out(0), left_out(1)[:10], left_out(2)[:11]] == ["", "; 1 socket", "; 2 sockets"]
