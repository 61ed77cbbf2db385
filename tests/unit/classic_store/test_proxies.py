"""Proxies: asked for once a service, and passed by where they are not wanted."""

import os
import subprocess
import sys

from azure.core.pipeline import AsyncPipeline
from azure.core.rest import HttpRequest
from test_wire import HEADERS, KEY, serving

from durahub.classic.connection import Endpoints
from durahub.classic.proxies import no_proxy
from durahub.classic.request_counts import RequestCounter
from durahub.classic.signing import QueueSigner
from durahub.classic.transport import CountedTransport
from durahub.classic.wire import Wire

ELSEWHERE = "http://shop.queue.example"


async def test_requests_of_both_kinds_go_through_the_proxy_of_their_service() -> None:
    asked: list[str] = []
    async with serving(200) as (proxy, _, counter):

        def proxy_of(url: str) -> str:
            asked.append(url)
            return proxy.url

        transport = CountedTransport(counter, proxy_of=proxy_of)
        wire = Wire(transport, ELSEWHERE, KEY, QueueSigner)
        for _ in range(2):
            await wire.send("GET", "q/messages", headers=HEADERS)
        await AsyncPipeline(transport).run(HttpRequest("GET", f"{ELSEWHERE}/q?comp=metadata"))
        await transport.disconnect()
    assert asked == [ELSEWHERE]
    assert [path for _, path, _, _ in proxy.seen] == [
        f"{ELSEWHERE}/q/messages",
        f"{ELSEWHERE}/q/messages",
        f"{ELSEWHERE}/q?comp=metadata",
    ]


async def test_without_one_the_way_is_straight() -> None:
    async with serving(200) as (storage, _, _counter):
        counter = RequestCounter(Endpoints("", storage.url, ""))
        transport = CountedTransport(counter)
        wire = Wire(transport, storage.url, KEY, QueueSigner)
        answer = await wire.send("GET", "q/messages", headers=HEADERS)
        await transport.disconnect()
    assert answer.status_code == 200
    assert no_proxy(storage.url) is None


def test_the_environment_names_a_proxy_a_scheme_and_hosts_without() -> None:
    urls = ("https://a.example", "http://a.example:81", "https://b.example", "http://127.0.0.1:81")
    program = (
        "from durahub.classic.proxies import proxy_of_environment as of\n"
        f"print([of(url) for url in {urls!r}])"
    )
    environment = {
        "HTTPS_PROXY": "http://proxy:3128",
        "HTTP_PROXY": "http://plain:80",
        "NO_PROXY": "b.example,127.0.0.1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['http://proxy:3128', 'http://plain:80', None, None]"
