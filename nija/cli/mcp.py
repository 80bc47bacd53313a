"""`nija mcp`: lets an agent look at NIJA through the Model Context Protocol. It can read, not act."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from nija.cli.agent_tools import TOOLS, ToolError, known_secrets, tool_named
from nija.version import nija_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TextIO

    from nija.cli.agent_tools import AgentTool

_INSTRUCTIONS = (
    "NIJA trades exchange accounts for their owners. These tools only read: nothing here can place, change or cancel "
    "an order, or stop trading. Figures that are unknown are null, which is not zero."
)
_STDOUT, _STDERR = 1, 2


def mcp() -> None:
    """Serve read-only tools to an agent (MCP over standard input and output): docs/agents.md."""
    if sys.stdin.isatty():
        sys.stderr.write("This speaks MCP, for agents: see docs/agents.md. Ctrl+C ends it.\n")
    # Otherwise Ctrl+C would wait for the next line of the input. Nothing here has to be finished.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with only_protocol() as output:
        anyio.run(_serve, output)


@contextmanager
def only_protocol() -> Iterator[TextIO]:
    """The standard output, for the protocol alone: whatever else is printed meanwhile goes to standard error."""
    output = os.fdopen(os.dup(_STDOUT), "w", encoding="utf-8")
    os.dup2(_STDERR, _STDOUT)
    try:
        yield output
    finally:
        sys.stdout.flush()
        output.flush()
        os.dup2(output.fileno(), _STDOUT)
        output.close()


async def _serve(output: TextIO) -> None:
    server: Server[Any, Any] = Server("nija", nija_version(), _INSTRUCTIONS)
    # One at a time: each reads the settings anew and logs for itself.
    one = anyio.CapacityLimiter(1)

    async def list_tools(_request: types.ListToolsRequest) -> types.ServerResult:
        return types.ServerResult(types.ListToolsResult(tools=[_described(tool) for tool in TOOLS]))

    async def call_tool(request: types.CallToolRequest) -> types.ServerResult:
        name, arguments = request.params.name, request.params.arguments or {}
        return types.ServerResult(await anyio.to_thread.run_sync(_result, name, arguments, limiter=one))

    server.request_handlers[types.ListToolsRequest] = list_tools
    server.request_handlers[types.CallToolRequest] = call_tool
    async with stdio_server(stdout=anyio.wrap_file(output)) as (requests, answers):
        await server.run(requests, answers, server.create_initialization_options())


def _described(tool: AgentTool) -> types.Tool:
    schema = {"type": "object", "properties": dict(tool.arguments), "additionalProperties": False}
    hints = types.ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False)
    return types.Tool(name=tool.name, description=tool.description, inputSchema=schema, annotations=hints)


def _result(name: str, arguments: dict[str, object]) -> types.CallToolResult:
    try:
        text, is_error = json.dumps(tool_named(name).answer(arguments), ensure_ascii=False), False
    except ToolError as error:
        text, is_error = str(error), True
    except Exception as error:  # noqa: BLE001  reported by its type alone: its text may hold anything
        text, is_error = f"an unexpected error ({type(error).__name__})", True
    content = types.TextContent(type="text", text=known_secrets().redact(text))
    return types.CallToolResult(content=[content], isError=is_error)
