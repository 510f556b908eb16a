"""The table of what clients do at a gateway: each client, by each way that it
has to ask, with a model of each vendor that has a dialect of its own, does each
deed. `src/tests/http/matrix.rs` runs the scripts that use this, and writes what
they print into `docs/clients.md`.
"""

import json
import os
import sys
import time
import traceback
import urllib.request

GATEWAY = os.environ["GATEWAY_URL"]
TOKEN = os.environ["GATEWAY_TOKEN"]
BAD_TOKEN = "latchkey_madeup"
# Where the emulated providers tell how many answers without an end have begun,
# and how many readers have left one.
ENDLESS = os.environ["ENDLESS_URL"]
MODELS = {
    "OpenAI": "openai/gpt-6-luna",
    "Anthropic": "anthropic/claude-haiku-5-5",
    "Google": "google/gemini-3.1-flash-lite",
}
DEEDS = ["chat", "stream", "tool", "object", "picture", "error", "cancel"]
COUNT = "one two three four five six seven eight nine ten"
HALF = "one two three four five"
WEATHER_QUESTION = "What is the weather in Rome?"
PICTURE_QUESTION = "how many pictures?"
PICTURE_ANSWER = "I see 1 of them."
OBJECT_QUESTION = "How many?"
# Half an answer comes to this, and then nothing until whoever asked leaves.
ENDLESS_QUESTION = "count, and wait for ever"
# A red dot.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO"
    "9TXL0Y4OHwAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
# How long a client may take to start, and a vendor to notice that somebody left;
# many of them start at once.
NOTICE_S = 240


def no_such_model(model):
    return model.split("/")[0] + "/no-such-model"


def endless(what):
    return json.load(urllib.request.urlopen(ENDLESS))[what]


def wait_for_more(what, before):
    until = time.monotonic() + NOTICE_S
    while endless(what) <= before:
        assert time.monotonic() < until, f"no more have {what}"
        time.sleep(0.02)


def must_leave(act):
    """Runs what breaks an answer off; the vendor has to notice."""
    before = endless("left")
    act()
    wait_for_more("left", before)


def must_refuse(act, error, *words):
    try:
        act()
    except error as raised:
        assert all(word in str(raised) for word in words), raised
        return raised
    raise AssertionError("it was answered")


class Client:
    """A client by one of its ways: a function for each deed, which is given a
    model, and a reason for each deed that the client itself can't do, if it
    can't with one vendor's models, below `(deed, vendor)`."""

    def __init__(self, name, way, deeds, cannot=None):
        self.name, self.way, self.deeds, self.cannot = name, way, deeds, cannot or {}

    def cells(self):
        for vendor, model in MODELS.items():
            for deed in DEEDS:
                why = self.cannot.get(deed) or self.cannot.get((deed, vendor))
                act = self.deeds.get(deed)
                assert why or act, f"{self.name} {self.way}: {deed}"
                yield vendor, model, deed, why, act


def fill(clients):
    """Tries every cell, and prints the table."""
    only = os.environ.get("ONLY", "")
    cells, failed = [], 0
    for client in clients:
        for vendor, model, deed, why, act in client.cells():
            name = f"{client.name} | {client.way} | {vendor} | {deed}"
            if only not in name:
                continue
            began = time.monotonic()
            if not why:
                try:
                    act(model)
                except Exception:
                    failed += 1
                    print(f"\n{name}", file=sys.stderr)
                    traceback.print_exc(limit=-4)
            if "TIMES" in os.environ:
                print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr)
            cells.append({"client": client.name, "way": client.way, "vendor": vendor, "deed": deed, "cannot": why})
    print(json.dumps(cells))
    sys.exit(failed > 0)
