"""One spelling for every type name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.typenames import NOTIFICATION_TYPES, REQUEST_TYPES, is_known_answer, normal_type


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        pytest.param("ms.PublishEvent", "ms.PublishEvent", id="v3"),
        pytest.param(".ams.ms.PublishEvent", "ms.PublishEvent", id="v2"),
        pytest.param(".ams.ms.PublishEvent$Response", "ms.PublishEventResponse", id="v2-response"),
        pytest.param(
            "aam.ExConversationChangeNotification", "cqm.ExConversationChangeNotification", id="aam"
        ),
        pytest.param(
            ".ams.aam.ExConversationChangeNotification", "cqm.ExConversationChangeNotification", id="v2-aam"
        ),
        pytest.param(".GetClock", "GetClock", id="dotted-clock"),
        pytest.param(".GetClock$Response", "GetClockResponse", id="clock-response"),
        pytest.param("ms.OnlineEventDistribution", "ms.OnlineEventDistribution", id="keeps-its-own-name"),
        pytest.param(".ams.ms.OnlineEventDistribution", "ms.OnlineEventDistribution", id="v2-event"),
        pytest.param(".ams.GenericSubscribeResponse", "GenericSubscribeResponse", id="generic-1"),
        pytest.param("GenericSubscribeResponse", "GenericSubscribeResponse", id="generic-2"),
        pytest.param(".ams.GenericSubscribe$Response", "GenericSubscribeResponse", id="generic-3"),
        pytest.param(".ReqBody$StringResp", "StringResponse", id="string-1"),
        pytest.param("StringResponse", "StringResponse", id="string-2"),
        pytest.param("StringResp", "StringResponse", id="string-3"),
        pytest.param(
            ".ams.routing.routingTaskNotification", "routing.RoutingTaskNotification", id="lower-case-routing"
        ),
        pytest.param(
            ".ams.cm.ConsumerRequestConversation$Response",
            "cm.RequestConversationResponse",
            id="named-after-the-request",
        ),
        pytest.param("up.GetUserProfile", "userprofile.GetUserProfile", id="short-profile"),
        pytest.param("ms.GenerateURLResponse", "ms.BaseGenerateURLResponse", id="both-on-one-page"),
        pytest.param("ms.UploadTokenResponse", "ms.token.GenerateUploadTokenResponse", id="upload-token"),
        pytest.param(".ams.ms.BaseGenerateURL$Response", "ms.BaseGenerateURLResponse", id="v2-file-url"),
        pytest.param("ms.SomethingNew", "ms.SomethingNew", id="unknown-stays"),
    ],
)
def test_every_generation_has_the_v3_spelling(written: str, normal: str) -> None:
    assert normal_type(written) == normal
    assert normal_type(normal) == normal


@pytest.mark.parametrize(
    "name",
    [
        *("evilms.PublishEvent", "ms.PublishEvent.evil", "..ms.PublishEvent", ".evil.ms.PublishEvent"),
        *("MS.PublishEvent", " ms.PublishEvent", "ms.PublishEvent\n", "ams.ams.ms.PublishEvent", "xaam.Y"),
        *("PublishEvent", ".PublishEvent", "ms..PublishEvent", "ms.PublishEvent$Evil", "", ".", "x" * 4000),
    ],
)
def test_look_alikes_stay_what_they_are(name: str) -> None:
    assert normal_type(name) == name


@given(
    st.text(max_size=40)
    | st.from_regex(r"\.?(ams\.)?(ms|aam|up|cm)?\.?[a-zA-Z]{1,9}(\$Response)?", fullmatch=True)
)
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normal_type(normal_type(name)) == normal_type(name)


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("RingUpdated", "routing.RingUpdated"),
        ("ConversationChangeNotification", "cm.ConversationChangeNotification"),
        ("SubscribeConversations", "cm.SubscribeConversations"),
        ("GenerateDownloadToken", "ms.token.GenerateDownloadToken"),
        ("GenerateUploadToken", "ms.token.GenerateUploadToken"),
        ("UpdateRoutingTaskSubscription", "routing.UpdateRoutingTaskSubscription"),
        ("UpdateExConversationSubscription", "cqm.UpdateExConversationSubscription"),
        ("GetBrands", "brandprofile.GetBrands"),
        ("GetBrandProfile", "brandprofile.GetBrandProfile"),
        ("SetBrandProfile", "brandprofile.SetBrandProfile"),
    ],
)
def test_what_only_agents_and_old_clients_send_is_known_in_every_spelling(name: str, normal: str) -> None:
    assert normal in REQUEST_TYPES | NOTIFICATION_TYPES
    families = ("ms.", "ms.token.", "cm.", "cqm.", "aam.", "routing.", "brandprofile.", "")
    for written in (f"{start}{family}{name}" for start in ("", ".ams.", ".") for family in families):
        assert normal_type(written) == normal
        assert normal_type(f"{written}$Response") == normal_type(f"{written}Response") == f"{normal}Response"


def test_the_known_types_are_in_their_v3_spelling() -> None:
    assert {
        normal_type(name) for name in REQUEST_TYPES | NOTIFICATION_TYPES
    } == REQUEST_TYPES | NOTIFICATION_TYPES


def test_an_answer_is_named_like_one() -> None:
    assert is_known_answer("ms.PublishEventResponse")
    assert not is_known_answer("ms.PublishEvent")
