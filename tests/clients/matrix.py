"""What the official Python clients do at a gateway, cell by cell.

Run by `cargo test another_address`, which gives the gateway's address and a
token in the environment.
"""

import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import anthropic
import openai
from cells import *
from google import genai
from google.genai import types
from pydantic import BaseModel

DATA_URL = f"data:image/png;base64,{PICTURE}"


class Number(BaseModel):
    answer: int


def user(content):
    return [{"role": "user", "content": content}]


def gpt(token=TOKEN):
    return openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=token, max_retries=0)


def openai_chat():
    def ask(model, content, token=TOKEN, **more):
        return gpt(token).chat.completions.create(model=model, messages=user(content), **more)

    def chat(model):
        answer = ask(model, "count")
        assert (answer.choices[0].message.content, answer.usage.completion_tokens) == (COUNT, 10), answer

    def stream(model):
        pieces = list(ask(model, "count", stream=True, stream_options={"include_usage": True}))
        told = [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]
        assert ("".join(told), pieces[-1].usage.completion_tokens) == (COUNT, 10), pieces

    def tool(model):
        function = {"name": "weather", "description": "Tells the weather", "parameters": WEATHER}
        tools = [{"type": "function", "function": function}]
        messages = user(WEATHER_QUESTION)
        for asked in (
            gpt().chat.completions.create(model=model, messages=messages, tools=tools).choices[0].message,
            streamed_call(model, messages, tools),
        ):
            call = asked.tool_calls[0]
            assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Rome"}), call
            result = {"role": "tool", "tool_call_id": call.id, "content": "clear"}
            told = gpt().chat.completions.create(model=model, messages=[*messages, asked, result], tools=tools)
            assert "clear" in told.choices[0].message.content, told

    def streamed_call(model, messages, tools):
        with gpt().chat.completions.stream(model=model, messages=messages, tools=tools) as events:
            return events.get_final_completion().choices[0].message

    def made(model):
        answer = gpt().chat.completions.parse(model=model, messages=user(OBJECT_QUESTION), response_format=Number)
        assert answer.choices[0].message.parsed.answer == 10, answer

    def picture(model):
        content = [
            {"type": "text", "text": PICTURE_QUESTION},
            {"type": "image_url", "image_url": {"url": DATA_URL}},
        ]
        assert ask(model, content).choices[0].message.content == PICTURE_ANSWER

    def error(model):
        must_refuse(lambda: ask(no_such_model(model), "count"), openai.NotFoundError)
        must_refuse(lambda: ask(model, "count", BAD_TOKEN), openai.AuthenticationError)

    def cancel(model):
        def act():
            with ask(model, ENDLESS_QUESTION, stream=True) as pieces:
                next(iter(pieces))

        must_leave(act)

    return Client("`openai` (Python)", "chat", deeds(chat, stream, tool, made, picture, error, cancel))


def openai_responses():
    def ask(model, content, token=TOKEN, **more):
        return gpt(token).responses.create(model=model, input=content, store=False, **more)

    def chat(model):
        answer = ask(model, "count")
        assert (answer.output_text, answer.usage.output_tokens) == (COUNT, 10), answer

    def stream(model):
        with gpt().responses.stream(model=model, input="count", store=False) as events:
            told = "".join(event.delta for event in events if event.type == "response.output_text.delta")
            assert told == COUNT == events.get_final_response().output_text, told

    def tool(model):
        tools = [{"type": "function", "name": "weather", "parameters": WEATHER, "strict": True}]
        asked = ask(model, WEATHER_QUESTION, tools=tools)
        call = next(item for item in asked.output if item.type == "function_call")
        assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Rome"}), call
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "clear"}
        told = ask(model, [*user(WEATHER_QUESTION), *asked.output, result], tools=tools)
        assert "clear" in told.output_text, told

    def made(model):
        answer = gpt().responses.parse(model=model, input=OBJECT_QUESTION, text_format=Number, store=False)
        assert answer.output_parsed.answer == 10, answer

    def picture(model):
        content = [
            {"type": "input_text", "text": PICTURE_QUESTION},
            {"type": "input_image", "image_url": DATA_URL, "detail": "auto"},
        ]
        assert ask(model, user(content)).output_text == PICTURE_ANSWER

    def error(model):
        must_refuse(lambda: ask(no_such_model(model), "count"), openai.APIStatusError, "no-such-model")
        must_refuse(lambda: ask(model, "count", BAD_TOKEN), openai.AuthenticationError)

    def cancel(model):
        def act():
            with ask(model, ENDLESS_QUESTION, stream=True) as events:
                next(event for event in events if event.type == "response.output_text.delta")

        must_leave(act)

    return Client("`openai` (Python)", "Responses", deeds(chat, stream, tool, made, picture, error, cancel))


def anthropic_messages():
    def client(token=TOKEN):
        return anthropic.Anthropic(base_url=GATEWAY, api_key=token, max_retries=0)

    def ask(model, content, token=TOKEN, **more):
        return client(token).messages.create(model=model, max_tokens=100, messages=user(content), **more)

    def chat(model):
        answer = ask(model, "count")
        assert (answer.content[-1].text, answer.usage.output_tokens) == (COUNT, 10), answer

    def stream(model):
        with client().messages.stream(model=model, max_tokens=100, messages=user("count")) as events:
            assert "".join(events.text_stream) == COUNT
            assert events.get_final_message().usage.output_tokens == 10

    def tool(model):
        tools = [{"name": "weather", "description": "Tells the weather", "input_schema": WEATHER}]
        asked = ask(model, WEATHER_QUESTION, tools=tools)
        call = asked.content[-1]
        assert (asked.stop_reason, call.name, call.input) == ("tool_use", "weather", {"city": "Rome"}), asked
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "clear"}
        messages = [*user(WEATHER_QUESTION), {"role": "assistant", "content": asked.content}, *user([result])]
        told = client().messages.create(model=model, max_tokens=100, messages=messages, tools=tools)
        assert "clear" in told.content[-1].text, told

    def made(model):
        answer = client().messages.parse(
            model=model, max_tokens=100, messages=user(OBJECT_QUESTION), output_format=Number
        )
        assert answer.parsed_output.answer == 10, answer

    def picture(model):
        source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
        content = [{"type": "image", "source": source}, {"type": "text", "text": PICTURE_QUESTION}]
        assert ask(model, content).content[-1].text == PICTURE_ANSWER

    def error(model):
        raised = must_refuse(lambda: ask(no_such_model(model), "count"), anthropic.NotFoundError)
        assert raised.body["error"]["type"] == "not_found_error", raised.body
        must_refuse(lambda: ask(model, "count", BAD_TOKEN), anthropic.AuthenticationError)

    def cancel(model):
        def act():
            with client().messages.stream(model=model, max_tokens=100, messages=user(ENDLESS_QUESTION)) as events:
                next(iter(events.text_stream))

        must_leave(act)

    return Client("`anthropic` (Python)", "Messages", deeds(chat, stream, tool, made, picture, error, cancel))


def google_generate():
    # A client that nobody keeps closes its connections.
    clients = {
        token: genai.Client(api_key=token, http_options=types.HttpOptions(base_url=GATEWAY))
        for token in (TOKEN, BAD_TOKEN)
    }

    def ask(model, contents, token=TOKEN, **config):
        config = types.GenerateContentConfig(**config)
        return clients[token].models.generate_content(model=model, contents=contents, config=config)

    def chat(model):
        answer = ask(model, "count")
        assert (answer.text, answer.usage_metadata.candidates_token_count) == (COUNT, 10), answer

    def stream(model):
        pieces = list(clients[TOKEN].models.generate_content_stream(model=model, contents="count"))
        assert "".join(piece.text or "" for piece in pieces) == COUNT, pieces
        assert pieces[-1].usage_metadata.candidates_token_count == 10, pieces

    def tool(model):
        def weather(city: str) -> str:
            """Tells the weather."""
            return f"clear in {city}"

        config = types.GenerateContentConfig(tools=[weather])
        conversation = clients[TOKEN].chats.create(model=model, config=config)
        assert "clear in Rome" in conversation.send_message(WEATHER_QUESTION).text

    def made(model):
        answer = ask(model, OBJECT_QUESTION, response_mime_type="application/json", response_schema=Number)
        assert answer.parsed.answer == 10, answer

    def picture(model):
        part = types.Part.from_bytes(data=base64.b64decode(PICTURE), mime_type="image/png")
        assert ask(model, [PICTURE_QUESTION, part]).text == PICTURE_ANSWER

    def error(model):
        refused = genai.errors.ClientError
        assert must_refuse(lambda: ask(no_such_model(model), "count"), refused).code == 404
        assert must_refuse(lambda: ask(model, "count", BAD_TOKEN), refused).code == 401

    def cancel(model):
        def act():
            pieces = clients[TOKEN].models.generate_content_stream(model=model, contents=ENDLESS_QUESTION)
            next(pieces)
            pieces.close()

        must_leave(act)

    return Client("`google-genai` (Python)", "generateContent", deeds(chat, stream, tool, made, picture, error, cancel))


def deeds(*functions):
    return dict(zip(DEEDS, functions, strict=True))


if __name__ == "__main__":
    fill([openai_chat(), openai_responses(), anthropic_messages(), google_generate()])
