"""Who may ask: the token, the name the server was called by, no other site's page."""

from __future__ import annotations

import pytest

from svqa.server import Door

DOOR = Door.of("127.0.0.1", 8765, token="secret")
OWN = {"host": "127.0.0.1:8765", "cookie": "svqa=secret"}


@pytest.mark.parametrize(
    "headers",
    [
        OWN,
        {"host": "localhost:8765", "cookie": "a=b; svqa=secret"},
        {"host": "[::1]:8765", "authorization": "Bearer secret"},
        {**OWN, "origin": "http://127.0.0.1:8765", "sec-fetch-site": "same-origin"},
        {**OWN, "sec-fetch-site": "none"},
    ],
)
def test_its_own_page_and_a_program_with_the_token_may_in(headers):
    assert DOOR.refusal(headers, "") is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 421),
        ({**OWN, "host": "evil.example:8765"}, 421),
        ({**OWN, "host": "127.0.0.1:9999"}, 421),
        ({**OWN, "origin": "http://evil.example"}, 403),
        ({**OWN, "origin": "http://127.0.0.1:9999"}, 403),
        ({**OWN, "origin": "https://127.0.0.1:8765"}, 403),
        ({**OWN, "origin": "null"}, 403),
        ({**OWN, "sec-fetch-site": "cross-site"}, 403),
        ({"host": OWN["host"]}, 401),
        ({"host": OWN["host"], "cookie": "svqa=secre"}, 401),
        ({"host": OWN["host"], "cookie": "svqa"}, 401),
        ({"host": OWN["host"], "authorization": "Bearer "}, 401),
        ({"host": OWN["host"], "authorization": "Bearer sécret"}, 401),
    ],
)
def test_others_may_not(headers, status):
    refused = DOOR.refusal(headers, "")
    assert refused is not None and refused[0] == status


def test_a_token_in_the_address_opens_once_and_a_new_one_is_long():
    assert DOOR.refusal({"host": OWN["host"]}, "token=secret") is None
    tokens = {Door.of("127.0.0.1", 1).token for _ in range(5)}
    assert len(tokens) == 5 and all(len(token) >= 32 for token in tokens)
    assert "secret" not in repr(DOOR)


def test_a_server_for_the_whole_net_answers_to_the_names_it_was_given():
    door = Door.of("0.0.0.0", 80, names=["media.local"], token="t")
    assert door.refusal({"host": "media.local:80", "cookie": "svqa=t"}, "") is None
    assert door.refusal({"host": "0.0.0.0:80", "cookie": "svqa=t"}, "")[0] == 421
