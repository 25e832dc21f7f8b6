"""Uploaded files, and the addresses they are put to and fetched from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.simulator.protocol import uploads
from recorder.simulator.protocol.uploads import File, Shelf, is_good, signature_of

PATH = "/v1/AUTH_async-images/le-sim/1.PNG"


def test_an_address_is_good_as_handed_out_until_its_time_is_over():
    signature = signature_of(PATH, "100")
    assert is_good(PATH, signature=signature, expires="100", now_s=100.0)
    assert not is_good(PATH, signature=signature, expires="100", now_s=100.1)


@pytest.mark.parametrize(
    ("path", "signature", "expires"),
    [
        pytest.param(PATH + "x", signature_of(PATH, "100"), "100", id="other-path"),
        pytest.param(PATH, signature_of(PATH, "100"), "999", id="made-to-last"),
        pytest.param(PATH, "0" * 40, "100", id="made-up"),
        pytest.param(PATH, "", "100", id="unsigned"),
        pytest.param(PATH, signature_of(PATH, ""), "", id="no-time"),
        pytest.param(PATH, signature_of(PATH, "-1"), "-1", id="before-time"),
        pytest.param(PATH, signature_of(PATH, "9" * 13), "9" * 13, id="for-ever"),
    ],
)
def test_an_address_that_was_not_handed_out_is_not_good(path, signature, expires):
    assert not is_good(path, signature=signature, expires=expires, now_s=0.0)


def test_a_file_is_kept_and_replaced():
    shelf = Shelf()
    assert shelf.get(PATH) is None
    for data in (b"one", b"two"):
        shelf.put(PATH, File(data, "image/png"))
        assert shelf.get(PATH) == File(data, "image/png")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60))))
def test_the_shelf_never_holds_more_than_it_may_and_keeps_the_newest(puts):
    shelf, held = Shelf(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "MOST_KEPT", 100)
        for name, size in puts:
            shelf.put(str(name), File(b"x" * size, "a/b"))
            assert shelf.get(str(name)) is not None
            held = {str(each): shelf.get(str(each)) for each in range(6)}
            assert sum(len(file.data) for file in held.values() if file is not None) <= 100
