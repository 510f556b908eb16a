"""What the command `llm` does at a gateway, cell by cell.

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
EXTRA = """
- model_id: latchkey/{model}
  model_name: {model}
  api_base: {gateway}/v1
  api_key_name: latchkey
  supports_tools: true
  supports_schema: true
  vision: true
{more}
"""
FUNCTION = '''
def weather(city: str) -> str:
    "Tells the weather."
    return "clear in " + city
'''


def begin(home, model, *args, token, more=""):
    program = pathlib.Path(sys.executable).parent / "llm"
    (home / "keys.json").write_text(json.dumps({"latchkey": token}))
    names = [*MODELS.values(), *map(no_such_model, MODELS.values())]
    known = [EXTRA.format(model=name, gateway=GATEWAY, more=more) for name in names]
    (home / "extra-openai-models.yaml").write_text("".join(known))
    (home / "dot.png").write_bytes(base64.b64decode(PICTURE))
    # It reaches the gateway and nothing else.
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LLM_USER_PATH": str(home),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "ANTHROPIC_BASE_URL": GATEWAY,
        "ANTHROPIC_API_KEY": token,
    }
    return subprocess.Popen(
        [program, "-m", model, *args],
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def way(name, model_of, unknown_of, cannot=None, more=""):
    def ask(model, *args, token=TOKEN):
        with tempfile.TemporaryDirectory() as home:
            running = begin(pathlib.Path(home), model, *args, token=token, more=more)
            return running.communicate(timeout=PATIENCE_S)[0].strip()

    def chat(model):
        said = ask(model_of(model), "--no-stream", "count")
        assert said == COUNT, said

    def stream(model):
        said = ask(model_of(model), "count")
        assert said == COUNT, said

    def tool(model):
        said = ask(model_of(model), "--functions", FUNCTION, WEATHER_QUESTION)
        assert "clear in Rome" in said, said

    def made(model):
        said = ask(model_of(model), "--schema", "name, age int", OBJECT_QUESTION)
        assert json.loads(said)["age"] == 10, said

    def picture(model):
        said = ask(model_of(model), PICTURE_QUESTION, "-a", "dot.png")
        assert said == PICTURE_ANSWER, said

    def error(model):
        said = ask(unknown_of(model), "count")
        assert unknown_of(model).split("/")[-1] in said and "Error" in said, said
        said = ask(model_of(model), "count", token=BAD_TOKEN)
        assert "This is no token" in said, said

    def cancel(model):
        def act():
            before = endless("stopped")
            with tempfile.TemporaryDirectory() as home:
                running = begin(pathlib.Path(home), model_of(model), ENDLESS_QUESTION, token=TOKEN, more=more)
                wait_for_more("stopped", before)
                running.send_signal(signal.SIGINT)
                running.communicate(timeout=PATIENCE_S)

        must_leave(act)

    deeds = dict(zip(DEEDS, (chat, stream, tool, made, picture, error, cancel), strict=True))
    return Client("`llm`", name, deeds, cannot)


def extra(model):
    return f"latchkey/{model}"


ONLY_CLAUDE = "the plugin knows Anthropic's models alone"
CLAUDE_ONLY = {(deed, vendor): ONLY_CLAUDE for deed in DEEDS for vendor in ("OpenAI", "Google")}
FIXED = "the plugin's address is fixed"

if __name__ == "__main__":
    fill([
        way("chat", extra, lambda model: extra(no_such_model(model))),
        way("Responses", extra, lambda model: extra(no_such_model(model)), more="  responses: true"),
        way(
            "Messages (`llm-anthropic`)",
            lambda model: model,
            lambda model: "anthropic/claude-mythos-no-such-model",
            CLAUDE_ONLY,
        ),
        way("generateContent (`llm-gemini`)", str, str, dict.fromkeys(DEEDS, FIXED)),
    ])
