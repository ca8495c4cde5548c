"""The language port by a model, whose answers are not trusted."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.language.chat import ChatLanguage, NonsensicalAnswer
from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.peer_errors import (
    PeerUnavailable,
    PeerUnreachable,
    asked_to_wait,
    is_outage,
)

Handler = Callable[[httpx.Request], httpx.Response]
PASSAGES = [
    Passage(source="a", reference="A", text="The bridge is old."),
    Passage(source="b", reference="B", text="The bridge is closed."),
]


def completion(content: Any) -> dict[str, Any]:
    """Return the body of an answer, as OpenAI's API has it."""
    text = content if isinstance(content, str) else json.dumps(content)
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}


def asking(handler: Handler, deadline: float = 5.0) -> ChatLanguage:
    web = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    key = SecretStr("k3y")
    return ChatLanguage(
        web, base="http://model.test/v1/", model="m", api_key=key, deadline=deadline
    )


def answering(content: Any, status: int = 200) -> ChatLanguage:
    return asking(lambda _: httpx.Response(status, json=completion(content)))


async def test_the_request_is_a_chat_completion() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=completion({"summary": " Short. "}))

    text = "A long text. It goes on and on."
    assert await asking(handle).summarise(text, 2) == "Short."
    [request] = seen
    assert request.url == "http://model.test/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer k3y"
    body = json.loads(request.content)
    assert body["model"] == "m"
    assert body["response_format"] == {"type": "json_object"}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "at most 2 sentences" in body["messages"][0]["content"]
    assert body["messages"][1]["content"] == text


async def test_an_empty_text_is_not_sent() -> None:
    assert await answering("never asked").summarise(" \n", 2) == ""


async def test_an_answer_has_the_references_that_it_cites() -> None:
    language = answering({"text": "It is closed [2], and old [1]. So [2].", "confidence": 80})
    answer = await language.synthesise("What of the bridge?", PASSAGES)
    assert answer.text == "It is closed [1], and old [2]. So [1]."
    assert answer.citations == ["B", "A"]
    assert answer.confidence == 80


async def test_an_answer_without_confidence_needs_no_citation() -> None:
    language = answering({"text": "The passages do not say.", "confidence": 0})
    answer = await language.synthesise("Who built it?", PASSAGES)
    assert (answer.citations, answer.confidence) == ([], 0)


@pytest.mark.parametrize(
    "content",
    [
        "It is closed.",
        "",
        "[]",
        "null",
        {"text": "", "confidence": 1},
        {"text": "It is closed [2]."},
        {"text": "It is closed [2].", "confidence": 101},
        {"text": "It is closed [2].", "confidence": "very"},
        {"text": "It is closed [3].", "confidence": 90},
        {"text": "It is closed [0].", "confidence": 90},
        {"text": "It is closed.", "confidence": 90},
    ],
)
async def test_a_nonsensical_answer_is_an_error(content: Any) -> None:
    with pytest.raises(NonsensicalAnswer):
        await answering(content).synthesise("What of the bridge?", PASSAGES)


@pytest.mark.parametrize(
    "content",
    ["Short.", {"summary": ""}, {"summary": "   "}, {"summary": "x" * 500}, {"summary": 1}],
)
async def test_a_nonsensical_summary_is_an_error(content: Any) -> None:
    with pytest.raises(NonsensicalAnswer):
        await answering(content).summarise("A text. Of some words.", 2)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b"3"])
async def test_a_body_that_is_no_completion_is_an_error(body: bytes) -> None:
    with pytest.raises(NonsensicalAnswer):
        await asking(lambda _: httpx.Response(200, content=body)).summarise("A text.", 2)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 422])
async def test_a_refusal_is_not_retried(status: int) -> None:
    with pytest.raises(NonRetryableError, match=str(status)):
        await answering("no", status).summarise("A text.", 2)


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
async def test_what_cannot_serve_now_is_away(status: int) -> None:
    with pytest.raises(PeerUnreachable, match=f"^language model unreachable: {status} "):
        await answering("later", status).summarise("A text.", 2)


async def test_a_model_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    busy = httpx.Response(429, headers={"retry-after": "37"}, text="rate limit")
    with pytest.raises(PeerUnreachable) as failed:
        await asking(lambda _: busy).summarise("A text.", 2)
    assert asked_to_wait(str(failed.value)) == 37
    assert str(failed.value).endswith("429 rate limit")


@pytest.mark.parametrize("status", [500, 501, 505, 599])
async def test_an_error_of_its_own_is_no_outage(status: int) -> None:
    with pytest.raises(PeerUnavailable, match=str(status)) as failed:
        await answering("a bug", status).summarise("A text.", 2)
    assert not is_outage(type(failed.value).__name__)


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (httpx.ConnectError("refused"), PeerUnreachable),
        (httpx.ReadTimeout("slow"), PeerUnreachable),
        (httpx.RemoteProtocolError("disconnected"), PeerUnreachable),
        (TimeoutError(), PeerUnreachable),
        (httpx.LocalProtocolError("Illegal header value"), NonRetryableError),
        (httpx.DecodingError("no gzip"), NonsensicalAnswer),
    ],
)
async def test_what_cannot_be_reached_is_away_and_what_cannot_be_sent_is_refused(
    raised: Exception, error: type[Exception]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise raised

    with pytest.raises(error):
        await asking(fail).summarise("A text.", 2)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A model on a socket: `/v1` answers, `/slow` sends a byte now and then."""

    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            text = asked["messages"][1]["content"]
            body = json.dumps(completion({"summary": text.split(".")[0] + "."})).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.path.startswith("/slow"):
                stopped.wait(30)
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    stopped = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        stopped.set()
        server.shutdown()
        thread.join()


async def test_the_model_answers_over_a_socket(server: ThreadingHTTPServer) -> None:
    base = f"http://127.0.0.1:{server.server_port}"
    async with httpx.AsyncClient(trust_env=False) as web:
        language = ChatLanguage(web, base=f"{base}/v1", model="m")
        texts = [f"Text {number} is the first. And so on." for number in range(8)]
        summaries = await asyncio.gather(*(language.summarise(text, 1) for text in texts))
        assert summaries == [f"Text {number} is the first." for number in range(8)]

        slow = ChatLanguage(web, base=f"{base}/slow", model="m", deadline=0.3)
        with pytest.raises(PeerUnreachable, match=r"no answer within 0\.3 s|Timeout"):
            await slow.summarise("A text.", 1)

    gone = httpx.AsyncClient(trust_env=False)
    server.server_close()
    with pytest.raises(PeerUnreachable, match=r"ConnectError|ReadError"):
        await ChatLanguage(gone, base=base, model="m", deadline=1.0).summarise("A text.", 1)
