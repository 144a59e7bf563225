"""A TLS client on aiohttp:  python request.aiohttp.py ADDRESS PORT NAME CA [VERSION]"""
import asyncio, socket, ssl, sys
import aiohttp
from aiohttp.abc import AbstractResolver

address, port, name, ca, *version = sys.argv[1:]


class Fixed(AbstractResolver):
    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [{"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self):
        pass


async def main():
    context = ssl.create_default_context(cafile=ca)
    if version:
        context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv" + version[0].replace(".", "_")]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Fixed())) as session:
        try:
            async with session.get(f"https://{name}:{port}/", ssl=context, timeout=aiohttp.ClientTimeout(5)) as answer:
                await answer.read()
        except Exception as error:
            print("client:", error, file=sys.stderr)

asyncio.run(main())
