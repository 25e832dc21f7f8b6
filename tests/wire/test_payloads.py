"""Fragments joined: every data frame ends up in exactly one payload, whatever the sender did."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import RecordedFrame

CLIENT, SERVICE = Side.CLIENT, Side.SERVICE
TEXT, BINARY, CONTINUATION, PING = 1, 2, 0, 9


def frame(
    number: int,
    opcode: int,
    payload: bytes,
    *,
    fin: bool = True,
    connection: int = 1,
    sender: Side = SERVICE,
    violation: str | None = None,
    redacted: bool = False,
) -> RecordedFrame:
    return RecordedFrame(
        number,
        connection,
        number - 1,
        sender,
        1000 + number,
        number,
        opcode,
        fin,
        0,
        payload,
        None,
        violation,
        redacted,
    )


def joined(
    *frames: RecordedFrame,
) -> tuple[list[tuple[int, int, int, bytes]], list[tuple[int, int, int, bytes]]]:
    """(completed, unfinished), each payload as (first, number, opcode, data)."""
    assembler = PayloadAssembler()
    completed = [payload for each in frames if (payload := assembler.feed(each))]

    def short(payload: Payload) -> tuple[int, int, int, bytes]:
        return payload.first, payload.number, payload.opcode, payload.data

    return [short(each) for each in completed], [short(each) for each in assembler.unfinished()]


def test_a_whole_frame_is_a_payload_with_its_own_times() -> None:
    assert PayloadAssembler().feed(frame(7, TEXT, b"{}", connection=2, sender=CLIENT)) == Payload(
        number=7,
        first=7,
        connection=2,
        sender=CLIENT,
        at_us=1007,
        offset_us=7,
        opcode=Opcode.TEXT,
        data=b"{}",
    )


def test_fragments_join_at_the_last_and_take_its_number_and_times() -> None:
    assembler = PayloadAssembler()
    assert assembler.feed(frame(1, TEXT, b"Hel", fin=False)) is None
    assert assembler.feed(frame(2, CONTINUATION, b"l", fin=False)) is None
    assert assembler.feed(frame(3, CONTINUATION, b"o")) == Payload(
        3, 1, 1, SERVICE, 1003, 3, Opcode.TEXT, b"Hello"
    )
    assert assembler.unfinished() == ()


def test_control_frames_between_fragments_disturb_nothing() -> None:
    completed, unfinished = joined(
        frame(1, BINARY, b"a", fin=False),
        frame(2, PING, b"!"),
        frame(3, 8, b""),
        frame(4, CONTINUATION, b"b"),
    )
    assert completed == [(1, 4, BINARY, b"ab")]
    assert unfinished == []


def test_sides_and_connections_are_kept_apart() -> None:
    completed, unfinished = joined(
        frame(1, TEXT, b"a", fin=False),
        frame(2, TEXT, b"b", fin=False, sender=CLIENT),
        frame(3, TEXT, b"c", fin=False, connection=2),
        frame(4, CONTINUATION, b"B", sender=CLIENT),
        frame(5, CONTINUATION, b"C", connection=2),
        frame(6, CONTINUATION, b"A"),
    )
    assert completed == [(2, 4, TEXT, b"bB"), (3, 5, TEXT, b"cC"), (1, 6, TEXT, b"aA")]
    assert unfinished == []


def test_a_payload_is_redacted_if_any_of_its_frames_is() -> None:
    assembler = PayloadAssembler()
    assembler.feed(frame(1, TEXT, b"a", fin=False, redacted=True))
    payload = assembler.feed(frame(2, CONTINUATION, b"b"))
    assert payload is not None
    assert payload.redacted


def test_a_continuation_of_nothing_is_a_binary_payload_of_its_own() -> None:
    completed, unfinished = joined(
        frame(1, CONTINUATION, b"x", fin=False), frame(2, CONTINUATION, b"y"), frame(3, TEXT, b"z")
    )
    assert completed == [(1, 1, BINARY, b"x"), (2, 2, BINARY, b"y"), (3, 3, TEXT, b"z")]
    assert unfinished == []


def test_a_new_data_frame_inside_fragments_leaves_the_earlier_payload_unfinished() -> None:
    completed, unfinished = joined(
        frame(1, TEXT, b"a", fin=False), frame(2, TEXT, b"b"), frame(3, CONTINUATION, b"c")
    )
    assert completed == [(2, 2, TEXT, b"b"), (3, 3, BINARY, b"c")]
    assert unfinished == [(1, 1, TEXT, b"a")]


def test_a_reserved_opcode_is_a_binary_payload_and_leaves_open_fragments_be() -> None:
    completed, unfinished = joined(
        frame(1, TEXT, b"a", fin=False), frame(2, 5, b"?"), frame(3, CONTINUATION, b"b")
    )
    assert completed == [(2, 2, BINARY, b"?"), (1, 3, TEXT, b"ab")]
    assert unfinished == []


def test_a_frame_cut_off_by_the_end_completes_nothing() -> None:
    """Its fin bit is set, but the service never got the rest: it must not count as sent."""
    cut = "unfinished: 5 of 7 bytes"
    assert joined(frame(1, TEXT, b"{}", violation=cut)) == ([], [(1, 1, TEXT, b"{}")])
    assert joined(frame(1, CONTINUATION, b"x", violation=cut)) == ([], [(1, 1, BINARY, b"x")])
    assert joined(frame(1, TEXT, b"a", fin=False), frame(2, CONTINUATION, b"b", violation=cut)) == (
        [],
        [(1, 2, TEXT, b"ab")],
    )


def test_unfinished_payloads_come_oldest_first_and_may_still_be_completed() -> None:
    assembler = PayloadAssembler()
    assembler.feed(frame(1, TEXT, b"a", fin=False, sender=CLIENT))
    assembler.feed(frame(2, TEXT, b"b", fin=False))
    assembler.feed(frame(3, TEXT, b"c", fin=False))
    assert [each.data for each in assembler.unfinished()] == [b"a", b"b", b"c"]
    assembler.feed(frame(4, CONTINUATION, b"A", sender=CLIENT))
    assert [each.data for each in assembler.unfinished()] == [b"b", b"c"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 1, 2, 3, 7, 8, 9, 10, 15]),
            st.booleans(),
            st.sampled_from([1, 2]),
            st.sampled_from([CLIENT, SERVICE]),
            st.sampled_from([None, None, None, "unfinished: 1 of 2 bytes", "unknown opcode"]),
        ),
        max_size=30,
    )
)
def test_every_data_frame_is_in_exactly_one_payload(
    drawn: list[tuple[int, bool, int, Side, str | None]],
) -> None:
    frames = [
        frame(
            number,
            opcode,
            b"<%d>" % number,
            fin=fin,
            connection=connection,
            sender=sender,
            violation=violation,
        )
        for number, (opcode, fin, connection, sender, violation) in enumerate(drawn, 1)
    ]
    completed, unfinished = joined(*frames)
    pieces = b"".join(data for *_, data in completed + unfinished)
    data_frames = [each.payload for each in frames if each.opcode < 8]
    assert sorted(pieces.replace(b">", b"> ").split()) == sorted(data_frames)
