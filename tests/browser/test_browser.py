"""A messaging window written for the real service talks to the simulator, in a real browser.

``pages/`` is the window; ``addresses.js`` is all that is ever changed in it, and not even that where the
browser is told that the real service's name is this machine.
"""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

AGENT = [{"on": "message", "do": ["accept", "read", {"say": "Hello to the browser"}]}]
REAL_NAME = "api.liveperson.net"


def assert_page_result(result):
    assert result == {
        "me": result.get("me"),
        "dialogId": result.get("dialogId"),
        "answer": "Hello to the browser",
    }
    assert result["me"]


def assert_service_received(service, archive):
    """The requests the service received, and the messages an archive of them shows."""
    assert [request["type"] for request in service.requests()] == [
        "InitConnection",
        "cqm.SubscribeExConversations",
        "cm.ConsumerRequestConversation",
        "ms.SubscribeMessagingEvents",
        "ms.PublishEvent",
        "ms.PublishEvent",
        "ms.PublishEvent",
    ]
    assert [event["message"] for event in service.published("ContentEvent")] == ["Hello from a browser"]
    archive.keep(service)
    hello, answer = archive.messages()
    assert (hello.text, hello.status) == ("Hello from a browser", "read")
    assert (answer.text, answer.status) == ("Hello to the browser", "read")
    assert service.receipts() == [("ACCEPT", [answer.sequence]), ("READ", [answer.sequence])]
    archive.raise_if_violated()


@pytest.mark.parametrize("way", ["signup", "anonymous", "script"])
def test_a_window_with_another_base_url_works(browse, site, ums_simulator, ums_archive, way):
    """Plain HTTP and WebSocket on loopback, by each way to a token."""
    ums_simulator.start(AGENT)
    assert_page_result(browse().open(site(base=ums_simulator.base_url, way=way)))
    assert_service_received(ums_simulator, ums_archive)


@pytest.mark.parametrize("way", ["signup", "script"])
def test_an_unmodified_window_works_where_the_service_name_resolves_here(
    browse, site, ums_simulator, ums_archive, certificate, way
):
    """TLS, as the real service has it, with a certificate that the browser is told to take."""
    ums_simulator.start(AGENT, as_hosts=[REAL_NAME], tls=certificate.context())
    port = ums_simulator.base_url.rpartition(":")[2]
    tab = browse(f"--host-resolver-rules=MAP {REAL_NAME} 127.0.0.1:{port}", certificate.switch())
    assert_page_result(tab.open(site(way=way)))
    assert_service_received(ums_simulator, ums_archive)


def test_a_host_name_that_is_not_allowed_is_rejected(browse, site, ums_simulator, certificate):
    ums_simulator.start(AGENT, tls=certificate.context())
    port = ums_simulator.base_url.rpartition(":")[2]
    tab = browse(f"--host-resolver-rules=MAP {REAL_NAME} 127.0.0.1:{port}", certificate.switch())
    assert set(tab.open(site())) == {"problem"}
    assert ums_simulator.said == []


def test_a_page_of_another_origin_is_rejected_unless_allowed(browse, site, ums_simulator):
    """The page's own name is foreign; that it resolves to here makes it no local page."""
    ums_simulator.start(AGENT)
    page = site(base=ums_simulator.base_url).replace("127.0.0.1", "shop.example", 1)
    tab = browse(
        "--host-resolver-rules=MAP shop.example 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"
    )
    assert set(tab.open(page)) == {"problem"}
    assert ums_simulator.said == []


def test_the_command_serves_a_browser_too(browse, site, certificate, tmp_path):
    agent = tmp_path / "agent.yaml"
    agent.write_text("- on: message\n  do: [accept, {say: Hello to the browser}]\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "recorder", "simulate", "--listen", "127.0.0.1:0", "--agent", agent,
         "--as-host", REAL_NAME, "--certificate", certificate.file, "--key", certificate.key],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = process.stderr.readline().split()[-1]
        assert address.startswith("wss://127.0.0.1:")
        port = address.split(":")[2].split("/")[0]
        tab = browse(f"--host-resolver-rules=MAP {REAL_NAME} 127.0.0.1:{port}", certificate.switch())
        assert_page_result(tab.open(site()))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
