"""A client of the Python SDK 2.x, pinned to 2026-07-28."""

from contextlib import asynccontextmanager

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


@asynccontextmanager
async def over_http(url, headers, _):
    async with create_mcp_http_client(headers=headers) as http:
        async with streamable_http_client(f"{url}/mcp", http_client=http) as streams:
            yield streams


TRANSPORTS = {
    "HTTP": over_http,
    "SSE": lambda url, headers, _: sse_client(f"{url}/sse", headers=headers),
    "stdio": lambda _, __, command: stdio_client(StdioServerParameters(command=command[0], args=list(command[1:]))),
}


async def fill_form(_, params):
    value = "Ada" if params.message.startswith("First") else "Lovelace"
    return types.ElicitResult(action="accept", content={"value": value})


async def ask_model(_, __):
    hello = types.TextContent(type="text", text="Hello")
    return types.CreateMessageResult(model="m", role="assistant", content=hello)


async def list_roots(_):
    return types.ListRootsResult(roots=[types.Root(uri="file:///home/ada", name="home")])


@asynccontextmanager
async def connect(transport, url, token, command):
    headers = {"Authorization": f"Bearer {token}"}
    async with Client(
        TRANSPORTS[transport](url, headers, command),
        mode="2026-07-28",
        elicitation_callback=fill_form,
        sampling_callback=ask_model,
        list_roots_callback=list_roots,
    ) as client:
        yield Peer(client)


class Peer:
    def __init__(self, client):
        self.client = client

    async def call(self, name, arguments=None, progress=None):
        result = await self.client.call_tool(name, arguments or {}, progress_callback=progress)
        if result.is_error:
            raise RuntimeError(result.content[0].text)
        return result.content[0].text

    async def list(self):
        return [tool.name for tool in (await self.client.list_tools(cache_mode="refresh")).tools]

    async def withdraw(self, name, arguments):
        """Withdraws a call as soon as it makes progress."""
        began = anyio.Event()

        async def note(*_):
            began.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.call, name, arguments, note)
            await began.wait()
            tasks.cancel_scope.cancel()

    @asynccontextmanager
    async def updates(self, uri):
        async with self.client.listen(resource_subscriptions=[uri]) as events:
            yield (event.uri async for event in events)

    @asynccontextmanager
    async def tool_changes(self):
        async with self.client.listen(tools_list_changed=True) as events:
            yield events
