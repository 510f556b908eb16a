"""Aider on the command line against a gateway, set up as its documentation
says, with only the address and the key changed.

Run by `cargo test aider_works`, which gives the gateway's address
and a token in the environment.
"""

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
PATIENCE_S = 90
# It asks for a temperature of models that it does not know.
SETTINGS = "".join(f"- name: openai/{model}\n  use_temperature: false\n" for model in UNIFIED)
QUIET = [
    "--no-git",
    "--yes-always",
    "--no-check-update",
    "--analytics-disable",
    "--no-show-model-warnings",
    "--no-show-release-notes",
    "--no-pretty",
]


def ask(model, *options, token=TOKEN):
    program = pathlib.Path(sys.executable).parent / "aider"
    with tempfile.TemporaryDirectory() as home:
        (pathlib.Path(home) / ".aider.model.settings.yml").write_text(SETTINGS)
        # It reaches the gateway and nothing else.
        env = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OPENAI_API_BASE": f"{GATEWAY}/v1",
            "OPENAI_API_KEY": token,
        }
        asked = ["--model", f"openai/{model}", "--chat-mode", "ask", "--message", "count"]
        done = subprocess.run(
            [program, *QUIET, *asked, *options],
            cwd=home,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
        )
    return done.stdout


def streamed(model):
    """An answer as it comes."""
    said = ask(model)
    assert COUNT in said, said


def whole(model):
    """A whole one."""
    said = ask(model, "--no-stream")
    assert COUNT in said, said


def with_a_bad_token(model):
    """A bad token."""
    said = ask(model, token="latchkey_madeup")
    assert "litellm.AuthenticationError" in said, said


CHECKS = [
    *[(streamed, model) for model in UNIFIED],
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
