"""What Aider does at a gateway, cell by cell.

Run by `cargo test another_address`, which gives the gateway's address and a
token in the environment.
"""

import base64
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from cells import *

# How long it may take for one question.
PATIENCE_S = 300
# It asks for a temperature of models that it does not know.
SETTINGS = "- name: {model}\n  use_temperature: false\n"
KNOWN = {"litellm_provider": "openai", "mode": "chat", "supports_vision": True}
QUIET = [
    "--no-git",
    "--yes-always",
    "--no-check-update",
    "--analytics-disable",
    "--no-show-model-warnings",
    "--no-show-release-notes",
    "--no-pretty",
]


def begin(home, model, message, *options, token):
    program = pathlib.Path(sys.executable).parent / "aider"
    (home / ".aider.model.settings.yml").write_text(SETTINGS.format(model=model))
    (home / ".aider.model.metadata.json").write_text(json.dumps({model: KNOWN}))
    (home / "dot.png").write_bytes(base64.b64decode(PICTURE))
    # It reaches the gateway and nothing else.
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_BASE": f"{GATEWAY}/v1",
        "OPENAI_API_KEY": token,
        "ANTHROPIC_API_BASE": GATEWAY,
        "ANTHROPIC_API_KEY": token,
        "GEMINI_API_BASE": f"{GATEWAY}/v1beta",
        "GEMINI_API_KEY": token,
    }
    return subprocess.Popen(
        [program, *QUIET, "--model", model, "--chat-mode", "ask", "--message", message, *options],
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def way(name, start):
    def ask(model, message, *options, token=TOKEN):
        with tempfile.TemporaryDirectory() as home:
            running = begin(pathlib.Path(home), start + model, message, *options, token=token)
            return running.communicate(timeout=PATIENCE_S)[0]

    def chat(model):
        said = ask(model, "count", "--no-stream")
        assert COUNT in said, said

    def stream(model):
        said = ask(model, "count")
        assert COUNT in said, said

    def picture(model):
        said = ask(model, PICTURE_QUESTION, "--file", "dot.png")
        assert PICTURE_ANSWER in said, said

    def error(model):
        said = ask(no_such_model(model), "count")
        assert "litellm.NotFoundError" in said and "no-such-model" in said, said
        said = ask(model, "count", token=BAD_TOKEN)
        assert "litellm.AuthenticationError" in said, said

    def cancel(model):
        def act():
            before = endless("stopped")
            with tempfile.TemporaryDirectory() as home:
                running = begin(pathlib.Path(home), start + model, ENDLESS_QUESTION, token=TOKEN)
                wait_for_more("stopped", before)
                running.send_signal(signal.SIGINT)
                running.send_signal(signal.SIGINT)
                running.communicate(timeout=PATIENCE_S)

        must_leave(act)

    deeds = {"chat": chat, "stream": stream, "picture": picture, "error": error, "cancel": cancel}
    cannot = {
        "tool": "it edits by what the model writes, and offers no tools",
        "object": "it has no option for a schema",
    }
    return Client("Aider", name, deeds, cannot)


if __name__ == "__main__":
    fill([
        way("chat (`openai/`)", "openai/"),
        way("Messages (`anthropic/`)", "anthropic/"),
        way("generateContent (`gemini/`)", "gemini/"),
    ])
