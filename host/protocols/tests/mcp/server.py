"""A server of tools by a library that is not ours: PORT, then any of json, stateless, token=TOKEN."""

import asyncio
import sys

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier
from fastmcp.utilities.types import Image

port, words = int(sys.argv[1]), sys.argv[2:]
token = next((word[6:] for word in words if word.startswith("token=")), None)
auth = StaticTokenVerifier({token: {"client_id": "enginehouse", "scopes": []}}) if token else None
server = FastMCP("trial", auth=auth)


@server.tool
def add(a: int, b: int) -> int:
    """The sum of two integers."""
    return a + b


@server.tool
def fail(text: str) -> str:
    """Fails."""
    raise ToolError(text)


@server.tool
async def slow(seconds: float) -> str:
    """Takes its time."""
    await asyncio.sleep(seconds)
    return "at last"


@server.tool
def weather(city: str) -> dict:
    """Structured."""
    return {"city": city, "degrees": 21.5}


@server.tool(output_schema=None)
def greet(name: str) -> str:
    """Text."""
    return f"Hello, {name}"


@server.tool(output_schema=None)
def picture() -> Image:
    """No text."""
    return Image(data=b"not really", format="png")


@server.tool(output_schema=None)
def bulky(bytes: int) -> str:
    """Much text."""
    return "x" * bytes


@server.tool(output_schema=None)
async def chatty(context: Context) -> str:
    """Says how far it is before it answers."""
    for step in range(5):
        await context.report_progress(step, 5)
        await context.info(f"step {step}")
    return "done"


server.run(
    transport="http",
    host="127.0.0.1",
    port=port,
    json_response="json" in words,
    stateless_http="stateless" in words,
    show_banner=False,
    log_level="ERROR",
)
