"""Ways into and out of a namespace that has none: each argument is in:SOCKET:PORT or out:PORT:SOCKET."""

import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def joined(connect):
    async def accepted(reader, writer):
        try:
            there = await connect()
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    return accepted


async def main(ways):
    for way in ways:
        kind, one, other = way.split(":")
        if kind == "in":
            await asyncio.start_unix_server(joined(lambda port=int(other): asyncio.open_connection("127.0.0.1", port)), one)
        else:
            await asyncio.start_server(joined(lambda path=other: asyncio.open_unix_connection(path)), "127.0.0.1", int(one))
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1:]))
