"""The matrix's server, made with the Python SDK 2.x, as a script; it speaks 2026-07-28 over Streamable HTTP."""

import json

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

NOTE = "note://1"
FORM = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}

server = MCPServer("matrix-python-2")
cancelled: list[str] = []


@server.tool()
def echo(text: str) -> str:
    return f"Echo: {text}"


@server.tool()
async def slow_progress(ctx: Context) -> str:
    for progress in (1, 2, 3):
        await ctx.report_progress(progress, 3)
    return "done"


def form(message: str) -> ElicitRequest:
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=FORM))


@server.tool()
def ask_twice(ctx: Context) -> str | InputRequiredResult:
    if ctx.input_responses is None:
        return InputRequiredResult(input_requests={"name": form("First name?")})
    name = ctx.input_responses["name"].content["value"]
    if ctx.request_state is None:
        return InputRequiredResult(input_requests={"name": form("Last name?")}, request_state=name)
    return f"{ctx.request_state} {name}"


@server.tool()
def sample(ctx: Context) -> str | InputRequiredResult:
    if ctx.input_responses is not None:
        return ctx.input_responses["model"].content.text
    said = SamplingMessage(role="user", content=TextContent(type="text", text="Say hello"))
    params = CreateMessageRequestParams(messages=[said], max_tokens=10)
    return InputRequiredResult(input_requests={"model": CreateMessageRequest(params=params)})


@server.tool()
def roots(ctx: Context) -> str | InputRequiredResult:
    if ctx.input_responses is None:
        return InputRequiredResult(input_requests={"roots": ListRootsRequest()})
    return ",".join(str(root.uri) for root in ctx.input_responses["roots"].roots)


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
    await ctx.notify_resource_updated(NOTE)
    return "touched"


@server.tool()
async def add_tool(name: str, ctx: Context) -> str:
    server.add_tool(lambda: "added", name=name)
    await ctx.notify_tools_changed()
    return "added"


@server.resource(NOTE)
def note() -> str:
    return "A note"


uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=0, log_level="info")
