"""Uploaded files, and the signed URLs they are put to and fetched from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.simulator.protocol import uploads as uploads_module
from recorder.simulator.protocol.uploads import UploadedFile, UploadStore, is_valid_url, url_signature

PATH = "/v1/AUTH_async-images/le-sim/1.PNG"


def test_a_url_is_valid_until_it_expires():
    signature = url_signature(PATH, "100")
    assert is_valid_url(PATH, signature=signature, expires="100", now_s=100.0)
    assert not is_valid_url(PATH, signature=signature, expires="100", now_s=100.1)


@pytest.mark.parametrize(
    ("path", "signature", "expires"),
    [
        pytest.param(PATH + "x", url_signature(PATH, "100"), "100", id="other-path"),
        pytest.param(PATH, url_signature(PATH, "100"), "999", id="made-to-last"),
        pytest.param(PATH, "0" * 40, "100", id="made-up"),
        pytest.param(PATH, "", "100", id="unsigned"),
        pytest.param(PATH, url_signature(PATH, ""), "", id="no-time"),
        pytest.param(PATH, url_signature(PATH, "-1"), "-1", id="before-time"),
        pytest.param(PATH, url_signature(PATH, "9" * 13), "9" * 13, id="for-ever"),
    ],
)
def test_a_url_with_another_path_signature_or_expiry_is_invalid(path, signature, expires):
    assert not is_valid_url(path, signature=signature, expires=expires, now_s=0.0)


def test_a_file_is_stored_and_replaced():
    uploads = UploadStore()
    assert uploads.get(PATH) is None
    for data in (b"one", b"two"):
        uploads.put(PATH, UploadedFile(data, "image/png"))
        assert uploads.get(PATH) == UploadedFile(data, "image/png")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60))))
def test_uploads_stay_within_their_limit_and_the_newest_are_kept(puts):
    uploads, held = UploadStore(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads_module, "MAX_STORED_BYTES", 100)
        for name, size in puts:
            uploads.put(str(name), UploadedFile(b"x" * size, "a/b"))
            assert uploads.get(str(name)) is not None
            held = {str(each): uploads.get(str(each)) for each in range(6)}
            assert sum(len(file.data) for file in held.values() if file is not None) <= 100
