"""Serve the tools of an assistant over the Model Context Protocol, on standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from recorder.errors import BadOption, RecorderError
from recorder.store.archive import Archive

from .assistant_tools import INSTRUCTIONS, Answer, AssistantTools, tools_of


def serve_assistant(archive: str, *, with_texts: bool = False) -> None:
    """Answer an assistant's calls until it closes our standard input. Nothing can be written.

    Raises:
        BadOption: the SDK is not installed; the sentence names the extra.
        NotFound, ArchiveUnusable: there is no such archive, or it cannot be read.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp_types import ToolAnnotations
    except ImportError:
        raise BadOption(
            "mcp", "the package mcp is not installed", hint="pip install 'ums-recorder[mcp]'"
        ) from None
    from recorder import __version__

    Archive.open(archive, mode="read").close()  # what is wrong with it is said before anybody asks

    def telling_errors(tool: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(tool)
        def call(*args: object, **keywords: object) -> Answer:
            try:
                return tool(*args, **keywords)
            except RecorderError as error:
                hint = "" if error.hint is None else f" (hint: {error.hint})"
                raise ToolError(f"{error}{hint}") from None

        return call

    server = MCPServer("recorder", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR")
    only_reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
    for tool in tools_of(AssistantTools(archive, with_texts=with_texts)):
        server.add_tool(telling_errors(tool), annotations=only_reads)
    server.run("stdio")
