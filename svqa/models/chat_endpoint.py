"""Words and pictures -> a reply, by a model behind an address that speaks the OpenAI protocol.

Ollama, vLLM, LM Studio, llama.cpp, `transformers serve` and paid services do. What is sent is the
prompt: rules, evidence lines, frames, the question. Nothing is sent unless an address was named,
to no other address than that one, and an address that is not of this machine is said once.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from svqa.errors import ModelError, UsageError
from svqa.models.chat_model import ChatModel, ChatPart, ChatReply, ChatTurn, as_picture
from svqa.models.endpoint_address import KEY, Endpoint

TIMEOUT_S = "SVQA_ENDPOINT_TIMEOUT_S"
RETRIES = 2  # after 429, 5xx and lost connections, each after a longer wait
MOST_PX = 768  # long side of a picture that is sent
MOST_TOKENS = 400
MOST_BYTES = 4 * 2**20  # of a reply
_FORMS: tuple[tuple[bool, str], ...] = (  # with the schema or not, and how the length is called
    (True, "max_tokens"),
    (True, "max_completion_tokens"),
    (False, "max_tokens"),
    (False, "max_completion_tokens"),
)
_said: set[str] = set()  # hosts that are not this machine


class EndpointError(ModelError):
    """The address did not answer, refused, or answered something else than a chat model does."""


class _BrokenOff(Exception):
    """The connection was lost within a reply."""


class EndpointChatModel(ChatModel):
    """Asked over HTTP, with structured output where the server has it.

    `timeout_s` is for one attempt as a whole. The key comes from `SVQA_ENDPOINT_KEY` alone, and is
    in no record, error or log.
    """

    sees = True

    def __init__(self, endpoint: Endpoint, *, key: str = "", timeout_s: float = 120.0):
        try:
            import openai
        except ImportError as error:
            raise ModelError(
                "Asking an endpoint needs a client. Run: pip install 'svqa[chat]'"
            ) from error
        if not all(33 <= ord(c) < 127 for c in key):  # it has to stand in a line of the request
            raise UsageError(f"{KEY} holds a space or a letter that no key has. Set it again.")
        self.endpoint, self.timeout_s = endpoint, timeout_s
        self.model_id = f"{endpoint.model}@{endpoint.host}"
        self._key, self._openai, self._form = key, openai, 0
        # a local server is not reached through a proxy, and no server may send us elsewhere
        http = openai.DefaultHttpxClient(
            follow_redirects=False, trust_env=not endpoint.is_local, timeout=timeout_s
        )
        nothing: Any = openai.Omit()
        self._client = openai.OpenAI(
            base_url=endpoint.url,
            api_key=key or "none",
            timeout=timeout_s,
            max_retries=RETRIES,
            http_client=http,
            # the client would take these from the environment
            default_headers={"OpenAI-Organization": nothing, "OpenAI-Project": nothing},
        )
        self._headers = {} if key else {"Authorization": nothing}

    @classmethod
    def from_pretrained(
        cls, path_or_id: str, *, revision: str | None = None, device: str = "cpu"
    ) -> EndpointChatModel:
        """The address with its model; key and time limit from the environment.

        Raises UsageError for an address of another form, ModelError without the extra `chat`.
        """
        try:
            timeout_s = float(os.environ.get(TIMEOUT_S) or 120)
        except ValueError:
            timeout_s = 0.0
        if not 0 < timeout_s <= 86_400:
            raise UsageError(f"{TIMEOUT_S} must be seconds, got {os.environ[TIMEOUT_S]!r}.")
        endpoint = Endpoint.parse(path_or_id)
        return cls(endpoint, key=os.environ.get(KEY, "").strip(), timeout_s=timeout_s)

    def reply(self, turns: Sequence[ChatTurn], schema: Mapping[str, Any]) -> ChatReply:
        """Raises EndpointError where none came; what came is not checked here."""
        if not self.endpoint.is_local and self.endpoint.host not in _said:
            _said.add(self.endpoint.host)
            logging.getLogger(__name__).warning(
                "Questions, evidence and frames go to %s, which is not this machine.",
                self.endpoint.host,
            )
        said = [{"role": t.role, "content": _content(t.parts)} for t in turns]
        while True:
            with_schema, length = _FORMS[self._form]
            more: dict[str, Any] = {length: MOST_TOKENS}
            if length == "max_tokens":
                more["temperature"] = 0
            if with_schema:
                form = {"name": "reply", "strict": True, "schema": dict(schema)}
                more["response_format"] = {"type": "json_schema", "json_schema": form}
            try:
                body = self._send({"model": self.endpoint.model, "messages": said, **more})
            except (self._openai.BadRequestError, self._openai.UnprocessableEntityError) as error:
                if self._form + 1 == len(_FORMS):
                    raise self._error(f"refuses the request ({self._told(error)})") from None
                self._form += (
                    1  # it does not know one of these, and is not asked again in that form
                )
                continue
            reply, refusal = _read(body)
            if refusal:  # some servers say so under 200
                raise self._error(f"refuses the request ({self._plain(refusal)})")
            return reply

    def _send(self, request: dict[str, Any]) -> bytes:
        """-> the body of the reply, read within the time and size that are allowed."""
        o = self._openai
        for attempt in range(RETRIES):
            try:
                return self._body(request)
            except (o.BadRequestError, o.UnprocessableEntityError):
                raise
            except o.APITimeoutError:
                what = f"gave no answer in {self.timeout_s:g} s, asked {RETRIES + 1} times"
                raise self._error(what) from None
            except o.APIConnectionError:
                raise self._error("cannot be reached; is the server running?") from None
            except (o.AuthenticationError, o.PermissionDeniedError) as error:
                raise self._error(f"refuses the key ({error.status_code}); set {KEY}") from None
            except o.NotFoundError:
                what = f"has no model '{self.endpoint.model}' or no such path"
                raise self._error(what) from None
            except o.RateLimitError as error:
                after = str(error.response.headers.get("retry-after", ""))[:40]
                told = f", Retry-After: {after}" if after else ""
                raise self._error(f"has too many requests (429{told})") from None
            except o.APIStatusError as error:
                what = f"fails ({error.status_code}: {self._told(error)})"
                raise self._error(what) from None
            except _BrokenOff as error:
                if attempt + 1 == RETRIES:
                    raise self._error(f"breaks off its reply ({error})") from None
        raise AssertionError("every attempt returns or raises")

    def _body(self, request: dict[str, Any]) -> bytes:
        body = b""
        # no types for a request that is put together
        create: Any = self._client.chat.completions.with_streaming_response.create
        with create(**request, extra_headers=self._headers) as response:
            begin, pieces = time.monotonic(), response.iter_bytes()
            while True:
                try:
                    piece = next(pieces, None)
                except Exception as error:  # whatever the HTTP library calls a lost connection
                    raise _BrokenOff(type(error).__name__) from None
                if piece is None:
                    break
                body += piece
                if time.monotonic() - begin > self.timeout_s:
                    raise self._error(f"is still replying after {self.timeout_s:g} s")
                if len(body) > MOST_BYTES:
                    raise self._error(f"replies with more than {MOST_BYTES} bytes")
        return body

    def _error(self, what: str) -> EndpointError:
        end = "" if what.endswith("?") else "."
        return EndpointError(f"The endpoint {self.endpoint.url} {what}{end}")

    def _told(self, error: Any) -> str:
        return self._plain(error.body or error.message)

    def _plain(self, said: object) -> str:
        """What a server says of its refusal, on one line, without the key."""
        text = " ".join(str(said).split())
        return (text.replace(self._key, "***") if self._key else text)[:200]


def _read(body: bytes) -> tuple[ChatReply, object]:
    """The body of a completion -> what the model said, and what stands there as an error.

    Words may come whole or in parts. Anything of another form is a reply without words.
    """
    try:
        found = json.loads(body)
        refusal = found.get("error") if "choices" not in found else None
        text = "" if refusal else found["choices"][0]["message"]["content"]
        if isinstance(text, list):
            text = "".join(part["text"] for part in text if part.get("type") == "text")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ChatReply(""), None
    usage = found.get("usage")
    counts = usage if isinstance(usage, dict) else {}

    def count(name: str) -> int:
        value = counts.get(name)
        return value if type(value) is int and 0 <= value < 2**31 else 0

    text = text if isinstance(text, str) else ""
    return ChatReply(text, count("prompt_tokens"), count("completion_tokens")), refusal


def _content(parts: Sequence[ChatPart]) -> str | list[dict[str, Any]]:
    """As the protocol has it: plain words where there are no pictures, which all servers take."""
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": _as_url(part)}}
        for part in parts
    ]


def _as_url(pixels: Any) -> str:
    buffer = io.BytesIO()
    as_picture(pixels, MOST_PX).save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
