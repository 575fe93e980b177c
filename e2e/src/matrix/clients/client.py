"""Tells the matrix's stories of one cell; prints a line of JSON for each: `["roots", {"said": "..."}]`.

Usage: TOKEN=... python client.py HTTP|SSE|stdio|WebSocket URL KEY STORY,STORY,... [COMMAND ARGUMENT ...]

The installed SDK says which client it is: 1.x is a legacy one, 2.x is pinned to 2026-07-28.
"""

import asyncio
import json
import os
import sys
from importlib.metadata import version

import anyio

if version("mcp").startswith("1."):
    from peer_v1 import connect
else:
    from peer_v2 import connect

NOTE = "note://1"
STORY_SECONDS = 15


async def plain_call(peer, _):
    return await peer.call("echo", {"text": "hello"})


async def progress(peer, _):
    seen = []

    async def note(progress, _total, _message):
        seen.append(str(int(progress)))

    answer = await peer.call("slow_progress", {}, note)
    return " ".join([*seen, answer])


async def elicitation(peer, _):
    return await peer.call("ask_twice")


async def sampling(peer, _):
    return await peer.call("sample")


async def roots(peer, _):
    return await peer.call("roots")


async def cancel(peer, key):
    await peer.withdraw("hang", {"key": key})
    while key not in json.loads(await peer.call("cancelled_calls")):
        await anyio.sleep(0.025)
    return "cancelled"


async def subscription(peer, _):
    async with peer.updates(NOTE) as updates:
        await peer.call("touch")
        return await anext(updates)


async def list_change(peer, key):
    async with peer.tool_changes() as changes:
        await peer.call("add_tool", {"name": key})
        async for _ in changes:  # another cell's change may be told first
            if key in await peer.list():
                return "listed"


STORIES = {
    "plain call": plain_call,
    "progress": progress,
    "elicitation in two rounds": elicitation,
    "sampling": sampling,
    "roots": roots,
    "cancel": cancel,
    "subscription": subscription,
    "list change": list_change,
}


def reason(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


async def outcome(story, peer, key):
    try:
        with anyio.fail_after(STORY_SECONDS):
            return {"said": await story(peer, key)}
    except Exception as error:
        return {"error": reason(error)}


async def main(transport, url, key, names, *command):
    outcomes = {}
    try:
        async with connect(transport, url, os.environ["TOKEN"], command) as peer:
            for name in names.split(","):
                outcomes[name] = await outcome(STORIES[name], peer, key)
    except Exception as error:
        for name in names.split(","):
            outcomes.setdefault(name, {"error": reason(error)})
    for name, ended in outcomes.items():
        print(json.dumps([name, ended]))


asyncio.run(main(*sys.argv[1:]))
