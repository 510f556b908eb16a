"""The official Python clients against a gateway, each as its documentation
shows, with only the base URL and the key changed.

Run by `cargo test official_clients`, which gives the gateway's address and a
token in the environment.
"""

import base64
import io
import json
import os
import sys
import urllib.request
import wave

import anthropic
import openai
from google import genai
from google.genai import types
from pydantic import BaseModel

GATEWAY = os.environ["GATEWAY_URL"]
TOKEN = os.environ["GATEWAY_TOKEN"]
COUNT = "one two three four five six seven eight nine ten"
# A red dot.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO"
    "9TXL0Y4OHwAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Number(BaseModel):
    answer: int


def openai_client(**options):
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=TOKEN, **options)


def each_model(check):
    for model in ["openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "google/gemini-3.1-flash-lite"]:
        check(openai_client(), model)


def openai_chat(client, model):
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "count"}])
    assert answer.choices[0].message.content == COUNT, answer
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (12, 10), answer.usage


def openai_streaming(client, model):
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "count"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    text, usage = "", None
    for chunk in stream:
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        usage = chunk.usage or usage
    assert text == COUNT, text
    assert usage.completion_tokens == 10, usage


def openai_pictures_in(client, model):
    content = [
        {"type": "text", "text": "count"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
    ]
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    assert "count" in answer.choices[0].message.content or COUNT in answer.choices[0].message.content


def openai_tools(client, model):
    messages = [{"role": "user", "content": "What is the weather in Rome?"}]
    asked = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    assert asked.choices[0].finish_reason == "tool_calls", asked
    call = asked.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Rome"})
    messages.append(asked.choices[0].message)
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "clear"})
    told = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    assert "clear" in told.choices[0].message.content, told


def openai_tools_streaming(client, model):
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "What is the weather in Rome?"}],
        tools=[WEATHER],
        stream=True,
    )
    name, arguments = None, ""
    for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or [] if chunk.choices else []:
            name = call.function.name or name
            arguments += call.function.arguments or ""
    assert (name, json.loads(arguments)) == ("weather", {"city": "Rome"})


def openai_json_output(client, model):
    answer = client.chat.completions.parse(
        model=model, messages=[{"role": "user", "content": "How many?"}], response_format=Number
    )
    assert answer.choices[0].message.parsed.answer == 10, answer


def openai_responses():
    client = openai_client()
    answer = client.responses.create(model="openai/gpt-6-luna", input="count")
    assert answer.output_text == COUNT, answer
    assert answer.usage.output_tokens == 10
    events = client.responses.create(model="openai/gpt-6-luna", input="count", stream=True)
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == COUNT, text


def openai_embeddings():
    answer = openai_client().embeddings.create(model="openai/text-embedding-3-small", input=["a", "b"])
    assert [item.embedding for item in answer.data] == [[0.25, -0.5, 0.125]] * 2, answer
    answer = openai_client().embeddings.create(model="google/gemini-embedding-001", input=["a", "b"], dimensions=2)
    assert [item.embedding for item in answer.data] == [[0.25, -0.5]] * 2, answer


def openai_sound():
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    client, heard = openai_client(), "one two three"
    file = ("a.wav", sound.getvalue())
    answer = client.audio.transcriptions.create(model="openai/gpt-transcribe", file=file)
    assert (answer.text, answer.usage.seconds) == (heard, 1), answer
    spoken = client.audio.transcriptions.create(model="openai/whisper-1", file=file, response_format="verbose_json")
    assert (spoken.text, spoken.duration) == (heard, 1.0), spoken
    assert client.audio.transcriptions.create(model="openai/whisper-1", file=file, response_format="srt").strip()
    events = list(client.audio.transcriptions.create(model="openai/gpt-4o-transcribe", file=file, stream=True))
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == heard, events
    assert events[-1].usage.input_tokens == 1000, events
    assert client.audio.translations.create(model="openai/whisper-1", file=file).text == heard
    spoken = client.audio.speech.create(model="openai/tts-1", voice="alloy", input="hi")
    assert spoken.read().endswith(b"made up"), spoken
    with client.audio.speech.with_streaming_response.create(model="openai/tts-1", voice="alloy", input="hi") as stream:
        assert b"".join(stream.iter_bytes()).endswith(b"made up")


def openai_images():
    for model in ["openai/gpt-image-2", "google/gemini-3.1-flash-lite-image"]:
        answer = openai_client().images.generate(model=model, prompt="a lighthouse")
        assert base64.b64decode(answer.data[0].b64_json).startswith(b"\x89PNG"), answer
        events = list(openai_client().images.generate(model=model, prompt="a lighthouse", stream=True))
        assert [event.type for event in events] == ["image_generation.completed"], events
        assert base64.b64decode(events[0].b64_json).startswith(b"\x89PNG") and events[0].usage.output_tokens, events


def openai_models():
    models = [model.id for model in openai_client().models.list()]
    assert "openai/gpt-6-luna" in models and "anthropic/claude-haiku-5-5" in models, models
    luna = openai_client().models.retrieve("openai/gpt-6-luna")
    assert luna.owned_by == "openai" and luna.context_length > 100_000, luna
    assert float(luna.pricing["completion"]) > float(luna.pricing["prompt"]) > 0, luna
    assert "tools" in luna.supported_parameters and "image" in luna.architecture["input_modalities"], luna
    try:
        openai_client().models.retrieve("openai/gpt-6-lunar")
    except openai.NotFoundError as refused:
        assert "`openai/gpt-6-luna`" in str(refused), refused
    else:
        raise AssertionError("an unknown model was shown")


def openrouter_models():
    # As programs read it that know OpenRouter's list.
    asked = urllib.request.Request(f"{GATEWAY}/v1/models", headers={"Authorization": f"Bearer {TOKEN}"})
    models = {model["id"]: model for model in json.load(urllib.request.urlopen(asked))["data"]}
    for model in models.values():
        assert model["name"] and isinstance(model["created"], int), model
        made_of, makes = model["architecture"]["modality"].split("->")
        assert made_of.split("+") == model["architecture"]["input_modalities"], model
        assert [makes] == model["architecture"]["output_modalities"], model
        prices = model.get("pricing", {})
        assert all(isinstance(price, str) and float(price) >= 0 for price in prices.values()), model
        limits = [model.get("context_length"), *model.get("top_provider", {}).values()]
        assert all(limit is None or (isinstance(limit, int) and limit > 0) for limit in limits), model
        assert all(isinstance(name, str) for name in model.get("supported_parameters", [])), model
    luna, claude = models["openai/gpt-6-luna"], models["anthropic/claude-haiku-5-5"]
    assert float(luna["pricing"]["completion"]) * 1_000_000 > 0.1 and luna["context_length"] > 100_000, luna
    assert claude["top_provider"]["max_completion_tokens"] > 10_000, claude
    assert {"tools", "reasoning"} <= set(claude["supported_parameters"]), claude


def openai_native():
    client = openai.OpenAI(base_url=f"{GATEWAY}/openai/v1", api_key=TOKEN)
    openai_chat(client, "gpt-6-luna")
    openai_streaming(client, "gpt-6-luna")
    assert [model.id for model in client.models.list()] == ["made-up-model"]


def openai_errors():
    for key, model, error in [
        ("latchkey_madeup", "openai/gpt-6-luna", openai.AuthenticationError),
        (TOKEN, "openai/no-such-model", openai.NotFoundError),
        (TOKEN, "whose-model", openai.NotFoundError),
    ]:
        client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=key, max_retries=0)
        try:
            client.chat.completions.create(model=model, messages=[{"role": "user", "content": "count"}])
        except error as raised:
            assert raised.code and raised.request_id.startswith("req_"), raised
        else:
            raise AssertionError(f"{model} was answered")
    try:
        openai_client().chat.completions.create(
            model="anthropic/claude-haiku-5-5", messages=[{"role": "user", "content": "count"}], n=2
        )
    except openai.BadRequestError as raised:
        assert raised.code == "untranslatable" and "`n`" in raised.message, raised
    else:
        raise AssertionError("n=2 was dropped in silence")


def openai_retries():
    """The emulated Mistral is too busy twice more than we try."""
    answer = openai_client(max_retries=2).chat.completions.create(
        model="mistral/mistral-small-latest", messages=[{"role": "user", "content": "count"}]
    )
    assert answer.choices[0].message.content == COUNT


def key_per_request():
    client = openai_client(default_headers={"X-DeepSeek-Key": os.environ["DEEPSEEK_KEY"]})
    answer = client.chat.completions.with_raw_response.create(
        model="deepseek/deepseek-flash", messages=[{"role": "user", "content": "count"}]
    )
    assert answer.headers["x-latchkey-source"] == "request"
    assert answer.parse().choices[0].message.content == COUNT


def anthropic_client(**options):
    return anthropic.Anthropic(base_url=f"{GATEWAY}/anthropic", api_key=TOKEN, **options)


def anthropic_chat():
    client = anthropic_client()
    message = client.messages.create(
        model="claude-haiku-5-5", max_tokens=100, messages=[{"role": "user", "content": "count"}]
    )
    assert message.content[0].text == COUNT, message
    assert message.usage.output_tokens == 10
    with client.messages.stream(
        model="claude-haiku-5-5", max_tokens=100, messages=[{"role": "user", "content": "count"}]
    ) as stream:
        assert "".join(stream.text_stream) == COUNT
        assert stream.get_final_message().usage.output_tokens == 10
    counted = client.messages.count_tokens(model="claude-haiku-5-5", messages=[{"role": "user", "content": "hi"}])
    assert counted.input_tokens == 12
    assert "claude-opus-5-5" in [model.id for model in client.models.list()]


def anthropic_tools():
    tool = {"name": "weather", "description": "Tells the weather", "input_schema": WEATHER["function"]["parameters"]}
    messages = [{"role": "user", "content": "What is the weather in Rome?"}]
    asked = anthropic_client().messages.create(
        model="claude-haiku-5-5", max_tokens=100, messages=messages, tools=[tool]
    )
    assert asked.stop_reason == "tool_use" and asked.content[0].input == {"city": "Rome"}, asked
    messages += [
        {"role": "assistant", "content": asked.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": asked.content[0].id, "content": "clear"}]},
    ]
    told = anthropic_client().messages.create(
        model="claude-haiku-5-5", max_tokens=100, messages=messages, tools=[tool]
    )
    assert "clear" in told.content[0].text, told


def anthropic_tool_runner():
    @anthropic.beta_tool
    def weather(city: str) -> str:
        """Tells the weather.

        Args:
            city: Where.
        """
        return f"clear in {city}"

    client = anthropic.Anthropic(base_url=GATEWAY, api_key=TOKEN)
    for model in ("claude-haiku-5-5", "google/gemini-3.1-flash-lite", "openai/gpt-5.2"):
        runner = client.beta.messages.tool_runner(
            model=model,
            max_tokens=100,
            messages=[{"role": "user", "content": "What is the weather in Rome?"}],
            tools=[weather],
        )
        assert "clear in Rome" in runner.until_done().content[0].text, model


def anthropic_errors():
    try:
        anthropic_client(max_retries=0).messages.create(
            model="no-such-model", max_tokens=100, messages=[{"role": "user", "content": "count"}]
        )
    except anthropic.NotFoundError as raised:
        assert raised.body["error"]["type"] == "not_found_error", raised.body
        assert raised.request_id.startswith("req_"), raised.request_id
    else:
        raise AssertionError("a model that is none was answered")
    try:
        anthropic.Anthropic(base_url=f"{GATEWAY}/anthropic", api_key="latchkey_madeup", max_retries=0).models.list()
    except anthropic.AuthenticationError:
        pass
    else:
        raise AssertionError("a token that is none was let in")


def google_client(key=TOKEN):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=f"{GATEWAY}/google"))


def google_chat():
    client = google_client()
    answer = client.models.generate_content(model="gemini-3.1-flash-lite", contents="count")
    assert answer.text == COUNT, answer
    assert answer.usage_metadata.candidates_token_count == 10
    pieces = client.models.generate_content_stream(model="gemini-3.1-flash-lite", contents="count")
    assert "".join(piece.text or "" for piece in pieces) == COUNT
    assert client.models.count_tokens(model="gemini-3.1-flash-lite", contents="hi").total_tokens == 12
    vectors = client.models.embed_content(model="gemini-embedding-001", contents="hi")
    assert vectors.embeddings[0].values == [0.25, -0.5], vectors
    assert "models/gemini-3.1-flash-lite" in [model.name for model in client.models.list()]


def google_for_every_provider():
    # Without a word the library asks before the path `/v1`.
    client = genai.Client(api_key=TOKEN, http_options=types.HttpOptions(base_url=GATEWAY))
    for model in ("gemini-3.1-flash-lite", "anthropic/claude-haiku-5-5", "openai/gpt-5.2"):
        assert client.models.generate_content(model=model, contents="count").text == COUNT, model
        pieces = client.models.generate_content_stream(model=model, contents="count")
        assert "".join(piece.text or "" for piece in pieces) == COUNT, model
        assert client.models.count_tokens(model=model, contents="hi").total_tokens > 0, model
    assert "models/google/gemini-3.1-flash-lite" in [model.name for model in client.models.list()]


def google_files():
    for base in (f"{GATEWAY}/google", GATEWAY):
        client = genai.Client(api_key=TOKEN, http_options=types.HttpOptions(base_url=base))
        sent = client.files.upload(file=io.BytesIO(b"a made-up file"), config={"mime_type": "text/plain"})
        assert sent.name == "files/made-up", sent


def google_tools():
    def weather(city: str) -> str:
        """Tells the weather."""
        return f"clear in {city}"

    client = google_client()
    chat = client.chats.create(
        model="gemini-3.1-flash-lite", config=types.GenerateContentConfig(tools=[weather])
    )
    answer = chat.send_message("What is the weather in Rome?")
    assert "clear in Rome" in answer.text, answer


def google_turns():
    # The library leaves a turn out of the next call that it takes for invalid.
    client = genai.Client(api_key=TOKEN, http_options=types.HttpOptions(base_url=GATEWAY))
    for model in ("anthropic/claude-haiku-5-5", "openai/gpt-5.2"):
        chat = client.chats.create(model=model)
        for _ in range(2):
            pieces = chat.send_message_stream("count")
            assert "".join(piece.text or "" for piece in pieces) == COUNT, model
        kept = [content.role for content in chat.get_history(curated=True)]
        assert kept[0] == "user" and kept.count("user") == 2 and "model" in kept, (model, kept)


def google_json_output():
    client = google_client()
    answer = client.models.generate_content(
        model="gemini-3.1-flash-lite",
        contents="How many?",
        config=types.GenerateContentConfig(response_mime_type="application/json", response_schema=Number),
    )
    assert answer.parsed.answer == 10, answer


def google_errors():
    for key, model, status in [("latchkey_madeup", "gemini-3.1-flash-lite", 401), (TOKEN, "no-such-model", 404)]:
        client = google_client(key)
        try:
            client.models.generate_content(model=model, contents="count")
        except genai.errors.ClientError as raised:
            assert raised.code == status, raised
        else:
            raise AssertionError(f"{model} was answered")


FOR_EACH_MODEL = [
    openai_chat, openai_streaming, openai_pictures_in, openai_tools, openai_tools_streaming, openai_json_output,
]
CHECKS = [
    openai_responses, openai_embeddings, openai_sound, openai_images, openai_models, openrouter_models, openai_native, openai_errors, openai_retries,
    key_per_request,
    anthropic_chat, anthropic_tools, anthropic_tool_runner, anthropic_errors,
    google_chat, google_for_every_provider, google_files, google_tools, google_turns,
    google_json_output, google_errors,
]

if __name__ == "__main__":
    for check in FOR_EACH_MODEL:
        each_model(check)
    for check in CHECKS:
        check()
    tried = [*FOR_EACH_MODEL, *CHECKS]
    print(f"{len(tried)} checks")
    print("; ".join(check.__name__.replace("_", " ") for check in tried))
    sys.exit(0)
