"""Which handshakes are accepted."""

import pytest

from recorder.errors import BadOption
from recorder.simulator.http.admission import Admission, Admitted
from recorder.simulator.protocol.request_parser import RequestRefused

PATH = "/ws_api/account/le-sim/messaging/consumer?v=3"


def admit(path=PATH, *, hosts=("127.0.0.1:8765",), origins=(), authorizations=(), allow=(), names=()):
    door = Admission("127.0.0.1", 8765, allow_origins=allow, as_hosts=names)
    try:
        return door.admit(path, hosts=hosts, origins=origins, authorizations=authorizations)
    except RequestRefused as refused:
        return refused


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        pytest.param(["127.0.0.1:8765"], None, id="address"),
        pytest.param(["localhost:8765"], None, id="name"),
        pytest.param(["LocalHost:8765"], None, id="name-in-capitals"),
        pytest.param(["[::1]:8765"], None, id="address-6"),
        pytest.param(["evil.example:8765"], 403, id="rebound-name"),
        pytest.param(["127.0.0.1:8766"], 403, id="other-port"),
        pytest.param(["127.0.0.1"], 403, id="no-port"),
        pytest.param(["localhost.evil.example:8765"], 403, id="name-as-prefix"),
        pytest.param(["127.0.0.1:8765", "evil.example"], 403, id="two-hosts"),
        pytest.param([], 403, id="none"),
    ],
)
def test_only_a_local_host_with_our_port_is_let_in(hosts, status):
    decision = admit(hosts=hosts)
    assert (decision.code if isinstance(decision, RequestRefused) else None) == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("api.liveperson.net", None, id="name"),
        pytest.param("API.LivePerson.net:443", None, id="usual-port"),
        pytest.param("api.liveperson.net:8765", None, id="our-port"),
        pytest.param("api.liveperson.net:8766", 403, id="other-port"),
        pytest.param("x.api.liveperson.net", 403, id="below"),
        pytest.param("liveperson.net", 403, id="above"),
        pytest.param("127.0.0.1:8765", None, id="our-own"),
    ],
)
def test_a_host_name_of_the_service_is_accepted_if_allowed(host, status):
    decision = admit(hosts=[host], names=["api.LivePerson.net", "idp.liveperson.net"])
    assert (decision.code if isinstance(decision, RequestRefused) else None) == status
    assert isinstance(admit(hosts=["api.liveperson.net"]), RequestRefused)


@pytest.mark.parametrize(
    "name", ["", "*", "*.liveperson.net", "a b", "http://a", "a:1", "a/b", "-", "a" * 254]
)
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(BadOption, match="--as-host"):
        admit(names=[name])


@pytest.mark.parametrize(
    ("origins", "status"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["http://localhost:3000"], None, id="page-on-localhost"),
        pytest.param(["https://127.0.0.1"], None, id="page-on-127"),
        pytest.param(["http://[::1]:5173"], None, id="page-on-6"),
        pytest.param(["https://app.example"], None, id="allowed"),
        pytest.param(["http://app.example"], 403, id="allowed-but-other-scheme"),
        pytest.param(["https://app.example:444"], 403, id="allowed-but-other-port"),
        pytest.param(["https://x.app.example"], 403, id="allowed-but-below"),
        pytest.param(["https://evil.example"], 403, id="foreign"),
        pytest.param(["null"], 403, id="null"),
        pytest.param(["http://localhost.evil.example"], 403, id="name-as-prefix"),
        pytest.param(["http://localhost@evil.example"], 403, id="name-as-user"),
        pytest.param(["http://user@localhost"], 403, id="user-at-localhost"),
        pytest.param(["http://localhost/path"], 403, id="with-path"),
        pytest.param(["ftp://localhost"], 403, id="other-scheme"),
        pytest.param(["http://localhost:port"], 403, id="no-number"),
        pytest.param(["http://[::1"], 403, id="broken"),
        pytest.param(["http://localhost", "https://evil.example"], 403, id="two-origins"),
    ],
)
def test_only_local_or_allowed_pages_are_let_in(origins, status):
    decision = admit(origins=origins, allow=["https://app.example"])
    assert (decision.code if isinstance(decision, RequestRefused) else None) == status


@pytest.mark.parametrize(
    ("authorizations", "outcome"),
    [
        pytest.param([], Admitted("le-sim", None), id="none"),
        pytest.param(["jwt abc"], Admitted("le-sim", "abc"), id="jwt"),
        pytest.param(["JWT  abc "], Admitted("le-sim", "abc"), id="loosely-written"),
        pytest.param(["jwt "], 401, id="empty"),
        pytest.param(["Bearer abc"], 401, id="other-scheme"),
        pytest.param(["jwt a", "jwt b"], 401, id="two"),
    ],
)
def test_a_token_is_optional_but_must_be_a_token(authorizations, outcome):
    decision = admit(authorizations=authorizations)
    assert (decision.code if isinstance(decision, RequestRefused) else decision) == outcome


@pytest.mark.parametrize(
    ("path", "account"),
    [
        pytest.param(PATH, "le-sim", id="as-in-the-url"),
        pytest.param("/ws_api/account/64467156/messaging/consumer", "64467156", id="any-account"),
        pytest.param("/ws_api/account/a%20b/messaging/consumer?v=3", "a b", id="escaped"),
        pytest.param("/ws_api/account//messaging/consumer", None, id="no-account"),
        pytest.param("/ws_api/account/a/b/messaging/consumer", None, id="two-accounts"),
        pytest.param("/ws_api/account/a/messaging/brand/x?v=2", None, id="brand"),
        pytest.param("/", None, id="root"),
    ],
)
def test_the_account_is_read_from_the_path(path, account):
    decision = admit(path)
    assert (decision.account if isinstance(decision, Admitted) else None) == account
    assert isinstance(decision, Admitted) or decision.code == 404
