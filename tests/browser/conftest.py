"""A real Chromium without a window, and pages for it, served from this machine."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import http.server
import itertools
import json
import shutil
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = Path(__file__).parent / "pages"
PATIENCE_S = 60.0


# Returns once the page that is inspected hands over what crosses the network.
ATTACHED = """
(async () => {
  const {TargetManager} = await import('./core/sdk/sdk.js');
  const {NetworkLog} = await import('./models/logs/logs.js');
  NetworkLog.NetworkLog.instance();
  const page = () => TargetManager.TargetManager.instance().primaryPageTarget();
  while (!page()) await new Promise(resolve => setTimeout(resolve, 10));
  await page().networkAgent().invoke_enable({});
})()
"""
# What "Export HAR" of the Network panel does; "sanitized" leaves out cookies and Authorization.
EXPORT = """
(async () => {
  const {NetworkLog} = await import('./models/logs/logs.js');
  const {Log} = await import('./models/har/har.js');
  const requests = () => NetworkLog.NetworkLog.instance().requests();
  const closed = () => requests().some(one => one.resourceType().name() === 'websocket' && one.finished);
  while (!closed()) await new Promise(resolve => setTimeout(resolve, 10));
  return JSON.stringify({log: await Log.Log.build(requests(), {sanitize: SANITIZE})});
})()
"""
# What "Import HAR" of the Network panel does with a file, and what the panel then shows of its WebSockets.
IMPORT = """
(async () => {
  const {ViewManager} = await import('./ui/legacy/legacy.js');
  const {NetworkPanel} = await import('./panels/network/network.js');
  const {NetworkLog} = await import('./models/logs/logs.js');
  await ViewManager.ViewManager.instance().showView('network');
  const view = NetworkPanel.NetworkPanel.instance().networkLogView;
  await view.onLoadFromFile(new File([CONTENT], 'imported.har'));
  const requests = NetworkLog.NetworkLog.instance().requests().filter((request) => request.isImportedHar());
  return requests.map((request) => ({
    url: request.url(), kind: request.resourceType().name(), status: request.statusCode,
    started: request.startTime, ended: request.endTime,
    messages: request.frames().map(({type, time, opCode, text}) => [type, time, opCode, text]),
  }));
})()
"""


class Tab:
    """One page of a browser, spoken to by the DevTools protocol."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self._process = process
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            url = json.load(answer)["webSocketDebuggerUrl"]
        self.address = url.partition("://")[2]
        self._socket = websocket.create_connection(url, timeout=PATIENCE_S, suppress_origin=True)
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        self._ask("Page.enable")

    def open(self, url: str) -> dict[str, Any]:
        """Open a page and return what its promise ``finished`` comes to."""
        self.navigate(url)
        return self.evaluate("finished")

    def run_before_pages(self, script: str) -> None:
        """Run this in every page before its own scripts."""
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=script)

    def bring_to_front(self) -> None:
        """Show this page: animation frames come only to a page that is seen."""
        self._ask("Page.bringToFront")

    def second(self) -> Tab:
        """Another page of the same browser."""
        return Tab(self.port, self._process)

    def navigate(self, url: str) -> None:
        """Go to a page, and return when it is loaded."""
        self._ask("Page.navigate", url=url)
        while self._hear().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression: str) -> Any:
        """What an expression in the page comes to, once its promise is kept."""
        result = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def end_browser(self) -> None:
        """End the whole browser, as a user does, and return when it is gone."""
        self._ask("Browser.close")
        self._process.wait(PATIENCE_S)

    def close(self) -> None:
        self._socket.close()
        self._socket.shutdown()

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask the browser by a method of its protocol."""
        return self._ask(method, **parameters)

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        asked = next(self._ids)
        self._socket.send(json.dumps({"id": asked, "method": method, "params": parameters}))
        while (result := self._hear()).get("id") != asked:
            pass
        assert "error" not in result, result
        return result["result"]

    def _hear(self) -> dict[str, Any]:
        said = json.loads(self._socket.recv())
        if "method" in said:
            self.events.append(said)
        return said


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[..., Tab]]:
    """Start a browser of its own, with these switches, and return its one tab."""
    with contextlib.ExitStack() as ending:
        yield lambda *switches: started(ending, tmp_path / "profile", *switches)


@pytest.fixture(scope="module")
def shared_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """One browser for all tests of a module, each of which opens pages of its own; it lets DevTools in."""
    with contextlib.ExitStack() as ending:
        yield started(ending, tmp_path_factory.mktemp("browser") / "profile", "--remote-allow-origins=*")


def started(ending: contextlib.ExitStack, profile: Path, *switches: str) -> Tab:
    """Start a browser, which ``ending`` ends, and return its one tab."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    process = subprocess.Popen(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--remote-debugging-port=0", f"--user-data-dir={profile}", *switches, "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    ending.callback(process.stderr.close)
    listening = threading.Thread(target=process.stderr.read)
    ending.callback(lambda: listening.ident and listening.join())
    ending.callback(_end, process)
    port = _port_of(process)
    listening.start()  # it would stop where the pipe is full
    tab = Tab(port, process)
    ending.callback(tab.close)
    return tab


class DevToolsTab:
    """Chromium's own DevTools, which inspect a page."""

    def __init__(self, tools: Tab) -> None:
        self._tools = tools

    def export_har(self, *, sanitize: bool) -> str:
        """What "Export HAR" of the Network panel gives once a WebSocket has closed."""
        return self._tools.evaluate(EXPORT.replace("SANITIZE", json.dumps(sanitize)))

    def import_har(self, content: str) -> list[dict[str, Any]]:
        """The requests that the Network panel shows of this HAR, with the messages of each WebSocket."""
        return self._tools.evaluate(IMPORT.replace("CONTENT", json.dumps(content)))


@pytest.fixture
def devtools_of() -> Callable[[Tab], contextlib.AbstractContextManager[DevToolsTab]]:
    """Open the DevTools of a page, or of another ``target`` of its browser.

    The browser needs ``--remote-allow-origins=*``.
    """

    @contextlib.contextmanager
    def opened(page: Tab, target: str | None = None) -> Iterator[DevToolsTab]:
        tools = page.second()
        try:
            inspector = f"http://127.0.0.1:{page.port}/devtools/inspector.html"
            address = page.address if target is None else f"127.0.0.1:{page.port}/devtools/page/{target}"
            tools.navigate(f"{inspector}?ws={address}&panel=network")
            tools.evaluate(ATTACHED)
            page.bring_to_front()
            yield DevToolsTab(tools)
        finally:
            tools.close()

    return opened


def _port_of(process: subprocess.Popen[str]) -> int:
    """The port of the DevTools, which it says on stderr."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "DevTools listening on " in line:
            return int(line.split("127.0.0.1:")[1].split("/")[0])
    raise AssertionError("".join(said))


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Quietly(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serve the window, unmodified or with another line for its base address; the address of the page."""
    folder = tmp_path / "site"
    shutil.copytree(PAGES, folder)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quietly, directory=str(folder))
    )
    serving = threading.Thread(target=server.serve_forever)
    serving.start()

    def page(
        *, base: str | None = None, way: str = "signup", name: str | None = None, query: str = ""
    ) -> str:
        if name is not None:
            return f"http://127.0.0.1:{server.server_port}/{name}?{query}"
        if base is not None:
            addresses = folder / "addresses.js"
            text = addresses.read_text()
            changed = text.replace("https://api.liveperson.net", base)
            assert sum(a != b for a, b in zip(text.splitlines(), changed.splitlines(), strict=True)) == 1
            addresses.write_text(changed)
        return f"http://127.0.0.1:{server.server_port}/?way={way}"

    yield page
    server.shutdown()
    server.server_close()
    serving.join()


class Certificate:
    """A certificate nobody trusts, and what a browser must be told to take it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.key = folder / "test.pem", folder / "test.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", self.key, "-out", self.file, "-days", "2", "-subj", "/CN=api.liveperson.net",
             "-addext", "subjectAltName=DNS:api.liveperson.net,DNS:localhost"],
            check=True, capture_output=True,
        )  # fmt: skip

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file, self.key)
        return made

    def switch(self) -> str:
        """Chromium's switch that takes a certificate with exactly this key, and no other."""
        asked = ["openssl", "x509", "-in", self.file, "-noout", "-pubkey"]
        public = subprocess.run(asked, check=True, capture_output=True).stdout
        asked = ["openssl", "pkey", "-pubin", "-outform", "der"]
        der = subprocess.run(asked, check=True, capture_output=True, input=public).stdout
        digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
        return f"--ignore-certificate-errors-spki-list={digest}"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here: apt-get install openssl")
    return Certificate(tmp_path_factory.mktemp("certificate"))
