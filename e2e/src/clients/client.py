"""Lists the tools of an MCP server and calls some of them.

Usage: TOKEN=... python client.py URL auto|legacy '[{"name": "...", "arguments": {}}]'
"""

import asyncio
import json
import os
import sys

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


async def main(url: str, era: str, calls: list[dict]) -> None:
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with create_mcp_http_client(headers=headers) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=era) as client:
            tools = await client.list_tools()
            results = [await client.call_tool(call["name"], call["arguments"]) for call in calls]
            report = {
                "protocolVersion": client.protocol_version,
                "tools": [tool.name for tool in tools.tools],
                "answers": [result.content[0].text for result in results],
            }
    print(json.dumps(report))


asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
