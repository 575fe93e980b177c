"""The matrix's server, made with the Python SDK 1.x, as a script; it speaks 2025-11-25 and older over Streamable HTTP."""

import json

import anyio
import mcp.types as types
import uvicorn
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.lowlevel.server import NotificationOptions
from pydantic import AnyUrl, BaseModel

NOTE = AnyUrl("note://1")

server = FastMCP("matrix-python-1")
sessions = set()
subscribed = set()
cancelled: list[str] = []


class Form(BaseModel):
    value: str


@server.tool()
def echo(text: str) -> str:
    return f"Echo: {text}"


@server.tool()
async def slow_progress(ctx: Context) -> str:
    for progress in (1, 2, 3):
        await ctx.report_progress(progress, 3)
    return "done"


@server.tool()
async def ask_twice(ctx: Context) -> str:
    first = await ctx.elicit("First name?", Form)
    last = await ctx.elicit("Last name?", Form)
    return f"{first.data.value} {last.data.value}"


@server.tool()
async def sample(ctx: Context) -> str:
    said = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="Say hello"))
    return (await ctx.session.create_message([said], max_tokens=10)).content.text


@server.tool()
async def roots(ctx: Context) -> str:
    return ",".join(str(root.uri) for root in (await ctx.session.list_roots()).roots)


@server.tool()
async def hang(key: str, ctx: Context) -> str:
    try:
        await ctx.report_progress(1)
        await anyio.sleep_forever()
    finally:
        cancelled.append(key)


@server.tool()
def cancelled_calls() -> str:
    return json.dumps(cancelled)


@server.tool()
async def touch(ctx: Context) -> str:
    await to_all(subscribed, lambda session: session.send_resource_updated(NOTE))
    return "touched"


@server.tool()
async def add_tool(name: str) -> str:
    server.add_tool(lambda: "added", name=name)
    await to_all(sessions, lambda session: session.send_tool_list_changed())
    return "added"


@server.resource(str(NOTE))
def note() -> str:
    return "A note"


async def to_all(some: set, send) -> None:
    for session in list(some):
        try:
            await send(session)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            some.discard(session)


lowlevel = server._mcp_server
plain_options = lowlevel.create_initialization_options


def options():
    """FastMCP declares neither."""
    made = plain_options(NotificationOptions(tools_changed=True))
    made.capabilities.resources.subscribe = True
    return made


lowlevel.create_initialization_options = options



@lowlevel.subscribe_resource()
async def subscribe(_: AnyUrl) -> None:
    subscribed.add(lowlevel.request_context.session)


@lowlevel.unsubscribe_resource()
async def unsubscribe(_: AnyUrl) -> None:
    subscribed.discard(lowlevel.request_context.session)


list_tools = lowlevel.request_handlers[types.ListToolsRequest]


async def list_and_remember(request):
    """Whoever has listed the tools is told of changes."""
    sessions.add(lowlevel.request_context.session)
    return await list_tools(request)


lowlevel.request_handlers[types.ListToolsRequest] = list_and_remember

uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=0, log_level="info")
