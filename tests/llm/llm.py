"""The command `llm` against a gateway, set up as its documentation says, with
only the address and the key changed.

Run by `cargo test llm_works`, which gives the gateway's address
and a token in the environment.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

GATEWAY = os.environ["GATEWAY_URL"]
TOKEN = os.environ["GATEWAY_TOKEN"]
COUNT = "one two three four five six seven eight nine ten"
UNIFIED = ["openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "google/gemini-3.1-flash-lite"]
# How long it may take for one question.
PATIENCE_S = 60
MODEL = """
- model_id: latchkey/{model}
  model_name: {model}
  api_base: {gateway}/v1
  api_key_name: latchkey
  supports_tools: true
  supports_schema: true
"""
WEATHER = '''
def weather(city: str) -> str:
    "Tells the weather."
    return "clear in " + city
'''


def ask(model, *args, token=TOKEN):
    program = pathlib.Path(sys.executable).parent / "llm"
    with tempfile.TemporaryDirectory() as home:
        settings = pathlib.Path(home)
        (settings / "keys.json").write_text(json.dumps({"latchkey": token}))
        known = [MODEL.format(model=name, gateway=GATEWAY) for name in UNIFIED]
        (settings / "extra-openai-models.yaml").write_text("".join(known))
        # It reaches the gateway and nothing else.
        env = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "LLM_USER_PATH": home,
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
        }
        done = subprocess.run(
            [program, "-m", f"latchkey/{model}", *args],
            cwd=home,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
        )
    return done.stdout.strip()


def streamed(model):
    """An answer as it comes."""
    assert ask(model, "count") == COUNT


def whole(model):
    """A whole one."""
    assert ask(model, "--no-stream", "count") == COUNT


def with_a_tool(model):
    """A tool and its result."""
    said = ask(model, "--functions", WEATHER, "the weather in Rome?")
    assert "clear in" in said, said


def with_a_schema(model):
    """An object by a schema."""
    said = ask(model, "--schema", "name, age int", "a dog")
    assert json.loads(said)["age"] == 10, said


def with_a_bad_token(model):
    """A bad token."""
    said = ask(model, "count", token="latchkey_madeup")
    assert "This is no token" in said, said


CHECKS = [
    *[(check, model) for model in UNIFIED for check in (streamed, with_a_tool)],
    (with_a_schema, UNIFIED[1]),
    (whole, UNIFIED[1]),
    (with_a_bad_token, UNIFIED[1]),
]


def told(check):
    """What a check tries, in words."""
    return (check.__doc__ or check.__name__.replace("_", " ")).rstrip(".")


if __name__ == "__main__":
    failed = 0
    for check, model in CHECKS:
        try:
            check(model)
        except Exception:
            failed += 1
            print(f"\n{check.__name__} {model}", file=sys.stderr)
            traceback.print_exc(limit=-3)
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks")
    print("; ".join(dict.fromkeys(told(check) for check, _ in CHECKS)))
    sys.exit(failed > 0)
