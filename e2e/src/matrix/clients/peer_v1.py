"""A client of the Python SDK 1.x: 2025-11-25 and older."""

from contextlib import asynccontextmanager
from functools import partial

import anyio
import mcp.types as types
from mcp import ClientSession, StdioServerParameters
from mcp.client import websocket
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from pydantic import AnyUrl
from websockets.asyncio.client import connect as ws_connect


@asynccontextmanager
async def over_http(url, headers, _):
    async with create_mcp_http_client(headers=headers) as http:
        async with streamable_http_client(f"{url}/mcp", http_client=http) as streams:
            yield streams


def over_web_socket(url, headers, _):
    """This SDK's transport takes no headers, though what it is made of does."""
    websocket.ws_connect = partial(ws_connect, additional_headers=headers)
    return websocket.websocket_client(f"{url}/ws".replace("http", "ws", 1))


TRANSPORTS = {
    "HTTP": over_http,
    "SSE": lambda url, headers, _: sse_client(f"{url}/sse", headers=headers),
    "stdio": lambda _, __, command: stdio_client(StdioServerParameters(command=command[0], args=list(command[1:]))),
    "WebSocket": over_web_socket,
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
    updated, updates = anyio.create_memory_object_stream(100)
    changed, changes = anyio.create_memory_object_stream(100)

    async def hear(message):
        notification = getattr(message, "root", None)
        if isinstance(notification, types.ResourceUpdatedNotification):
            updated.send_nowait(str(notification.params.uri))
        elif isinstance(notification, types.ToolListChangedNotification):
            changed.send_nowait(None)

    headers = {"Authorization": f"Bearer {token}"}
    async with TRANSPORTS[transport](url, headers, command) as (read, write, *_):
        async with ClientSession(
            read,
            write,
            elicitation_callback=fill_form,
            sampling_callback=ask_model,
            list_roots_callback=list_roots,
            message_handler=hear,
        ) as session:
            await session.initialize()
            yield Peer(session, updates, changes)


class Peer:
    def __init__(self, session, updates, changes):
        self.session = session
        self.heard_updates = updates
        self.heard_changes = changes

    async def call(self, name, arguments=None, progress=None):
        result = await self.session.call_tool(name, arguments or {}, progress_callback=progress)
        if result.isError:
            raise RuntimeError(result.content[0].text)
        return result.content[0].text

    async def list(self):
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def withdraw(self, name, arguments):
        """Withdraws a call as soon as it makes progress. This SDK leaves it to its user to tell the server by the id."""
        began = anyio.Event()

        async def note(*_):
            began.set()

        request_id = self.session._request_id  # the next one
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.call, name, arguments, note)
            await began.wait()
            params = types.CancelledNotificationParams(requestId=request_id)
            await self.session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
            tasks.cancel_scope.cancel()

    @asynccontextmanager
    async def updates(self, uri):
        await self.session.subscribe_resource(AnyUrl(uri))
        yield self.heard_updates

    @asynccontextmanager
    async def tool_changes(self):
        yield self.heard_changes
