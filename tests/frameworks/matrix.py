"""What frameworks above the providers' Python libraries do at a gateway, cell by
cell: LangChain, LiteLLM, Instructor, Pydantic AI.

Run by `cargo test another_address`, which gives the gateway's address and a
token in the environment.
"""

import asyncio
import base64
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
# LiteLLM would fetch its list of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import anthropic
import instructor
import litellm
import openai
from cells import *
from google import genai
from google.genai import types
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool as langchain_tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

DATA_URL = f"data:image/png;base64,{PICTURE}"
SHOWN = [
    {"type": "text", "text": PICTURE_QUESTION},
    {"type": "image_url", "image_url": {"url": DATA_URL}},
]
V1 = f"{GATEWAY}/v1"

litellm.suppress_debug_info = True
litellm.telemetry = False


class Number(BaseModel):
    answer: int


@langchain_tool
def weather(city: str) -> str:
    """Tells the weather."""
    return f"clear in {city}"


# Libraries keep connections from one call to the next.
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)


def run(act):
    return LOOP.run_until_complete(act)


def user(content):
    return [{"role": "user", "content": content}]


def langchain(way, make):
    def chat(model):
        assert make(model, TOKEN).invoke("count").text == COUNT

    def stream(model):
        assert "".join(piece.text for piece in make(model, TOKEN).stream("count")) == COUNT

    def tool(model):
        bound = make(model, TOKEN).bind_tools([weather])
        asked = bound.invoke(WEATHER_QUESTION)
        result = weather.invoke(asked.tool_calls[0])
        assert "clear in Rome" in bound.invoke([HumanMessage(WEATHER_QUESTION), asked, result]).text

    def made(model):
        assert make(model, TOKEN).with_structured_output(Number).invoke(OBJECT_QUESTION).answer == 10

    def picture(model):
        assert make(model, TOKEN).invoke([HumanMessage(SHOWN)]).text == PICTURE_ANSWER

    def error(model):
        must_refuse(lambda: make(no_such_model(model), TOKEN).invoke("count"), Exception, "no-such-model")
        must_refuse(lambda: make(model, BAD_TOKEN).invoke("count"), Exception, "no token")

    def cancel(model):
        def act():
            asker = make(model, TOKEN)
            pieces = asker.stream(ENDLESS_QUESTION)
            next(piece for piece in pieces if piece.text)
            pieces.close()

        must_leave(act)

    return Client("LangChain (Python)", way, deeds(chat, stream, tool, made, picture, error, cancel))


def litellm_way(way, start, base):
    def ask(model, messages, token=TOKEN, **options):
        return litellm.completion(
            model=start + model, messages=messages, api_base=base, api_key=token, num_retries=0, max_retries=0, **options
        )

    def chat(model):
        assert ask(model, user("count")).choices[0].message.content == COUNT

    def stream(model):
        pieces = ask(model, user("count"), stream=True)
        assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == COUNT

    def tool(model):
        function = {"name": "weather", "description": "Tells the weather", "parameters": WEATHER}
        tools = [{"type": "function", "function": function}]
        asked = ask(model, user(WEATHER_QUESTION), tools=tools).choices[0].message
        result = {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "name": "weather", "content": "clear"}
        told = ask(model, [*user(WEATHER_QUESTION), asked.model_dump(), result], tools=tools)
        assert "clear" in told.choices[0].message.content, told

    def made(model):
        answer = ask(model, user(OBJECT_QUESTION), response_format=Number).choices[0].message
        assert Number.model_validate_json(answer.content).answer == 10

    def picture(model):
        assert ask(model, user(SHOWN)).choices[0].message.content == PICTURE_ANSWER

    def error(model):
        must_refuse(lambda: ask(no_such_model(model), user("count")), litellm.NotFoundError)
        must_refuse(lambda: ask(model, user("count"), BAD_TOKEN), litellm.AuthenticationError)

    def cancel(model):
        async def act():
            pieces = await litellm.acompletion(
                model=start + model, messages=user(ENDLESS_QUESTION), api_base=base, api_key=TOKEN, stream=True
            )
            async for piece in pieces:
                if piece.choices[0].delta.content:
                    break
            await pieces.aclose()

        must_leave(lambda: run(act()))

    return Client("`litellm`", way, deeds(chat, stream, tool, made, picture, error, cancel))


def litellm_responses():
    def ask(model, asked, token=TOKEN, **options):
        return litellm.responses(
            model=f"openai/{model}", input=asked, api_base=V1, api_key=token, num_retries=0, max_retries=0, **options
        )

    def chat(model):
        assert ask(model, "count").output_text == COUNT

    def stream(model):
        events = ask(model, "count", stream=True)
        assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == COUNT

    def tool(model):
        tools = [{"type": "function", "name": "weather", "parameters": WEATHER}]
        asked = ask(model, user(WEATHER_QUESTION), tools=tools)
        call = next(item for item in asked.output if item.type == "function_call")
        items = [item.model_dump(exclude_none=True) for item in asked.output]
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "clear"}
        assert "clear" in ask(model, [*user(WEATHER_QUESTION), *items, result], tools=tools).output_text

    def made(model):
        told = ask(model, OBJECT_QUESTION, text_format=Number).output_text
        assert Number.model_validate_json(told).answer == 10

    def picture(model):
        content = [
            {"type": "input_text", "text": PICTURE_QUESTION},
            {"type": "input_image", "image_url": DATA_URL, "detail": "auto"},
        ]
        assert ask(model, user(content)).output_text == PICTURE_ANSWER

    def error(model):
        must_refuse(lambda: ask(no_such_model(model), "count"), Exception, "no-such-model")
        must_refuse(lambda: ask(model, "count", BAD_TOKEN), litellm.AuthenticationError)

    def cancel(model):
        async def act():
            events = await litellm.aresponses(
                model=f"openai/{model}", input=ENDLESS_QUESTION, api_base=V1, api_key=TOKEN, stream=True
            )
            async for event in events:
                if event.type == "response.output_text.delta":
                    break
            await events.response.aclose()

        must_leave(lambda: run(act()))

    return Client("`litellm`", "Responses", deeds(chat, stream, tool, made, picture, error, cancel))


def instructor_way(way, make):
    def ask(model, content, token=TOKEN):
        return make(model, token).create(
            response_model=Number, messages=user(content), max_retries=0, **LIMITED.get(way, {})
        )

    def made(model):
        assert ask(model, OBJECT_QUESTION).answer == 10

    def stream(model):
        pieces = make(model, TOKEN).create_partial(
            response_model=Number, messages=user(OBJECT_QUESTION), max_retries=0, **LIMITED.get(way, {})
        )
        assert list(pieces)[-1].answer == 10

    def picture(model):
        shown = instructor.Image.from_base64(DATA_URL)
        assert ask(model, [PICTURE_QUESTION, shown]).answer == 10

    def error(model):
        # Of a model that nobody knows it is not known whether a tool can be forced.
        must_refuse(lambda: ask(no_such_model(model), OBJECT_QUESTION), Exception)
        must_refuse(lambda: ask(model, OBJECT_QUESTION, BAD_TOKEN), Exception, "no token")

    only = "it asks for objects alone, by a tool that it forces"
    cannot = {"chat": only, "tool": only, "cancel": only}
    if way == "generateContent":
        empty = "it sends an instruction without a word, which Google refuses"
        cannot |= {(deed, "Google"): empty for deed in ("stream", "object", "picture")}
    deeds = {"object": made, "stream": stream, "picture": picture, "error": error}
    return Client("`instructor`", way, deeds, cannot)


# Anthropic's library wants to be told how long an answer may be.
LIMITED = {"Messages": {"max_tokens": 100}}


def instructor_openai(model, token):
    return instructor.from_openai(openai.OpenAI(base_url=V1, api_key=token, max_retries=0), model=model)


def instructor_anthropic(model, token):
    client = anthropic.Anthropic(base_url=GATEWAY, api_key=token, max_retries=0)
    return instructor.from_anthropic(client, model=model)


def instructor_google(model, token):
    client = genai.Client(api_key=token, http_options=types.HttpOptions(base_url=GATEWAY))
    return instructor.from_genai(client, model=model)


def pydantic_ai(way, make, cannot=None):
    def chat(model):
        assert Agent(make(model, TOKEN)).run_sync("count").output == COUNT

    def stream(model):
        async def act():
            async with Agent(make(model, TOKEN)).run_stream("count") as told:
                return await told.get_output()

        assert run(act()) == COUNT

    def tool(model):
        agent = Agent(make(model, TOKEN))
        agent.tool_plain(name="weather")(lambda city: f"clear in {city}")
        assert "clear in" in agent.run_sync(WEATHER_QUESTION).output

    def made(model):
        assert Agent(make(model, TOKEN), output_type=Number).run_sync(OBJECT_QUESTION).output.answer == 10

    def picture(model):
        shown = BinaryContent(base64.b64decode(PICTURE), media_type="image/png")
        assert Agent(make(model, TOKEN)).run_sync([PICTURE_QUESTION, shown]).output == PICTURE_ANSWER

    def error(model):
        must_refuse(lambda: Agent(make(no_such_model(model), TOKEN)).run_sync("count"), Exception, "no-such-model")
        must_refuse(lambda: Agent(make(model, BAD_TOKEN)).run_sync("count"), Exception, "no token")

    def cancel(model):
        async def act():
            async def read():
                async with Agent(make(model, TOKEN)).run_stream(ENDLESS_QUESTION) as told:
                    async for _ in told.stream_text(delta=True):
                        begun.set()

            begun = asyncio.Event()
            reading = asyncio.create_task(read())
            await begun.wait()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

        must_leave(lambda: run(act()))

    return Client("`pydantic-ai-slim`", way, deeds(chat, stream, tool, made, picture, error, cancel), cannot)


def by_openai(model, token):
    return OpenAIChatModel(model, provider=OpenAIProvider(base_url=V1, api_key=token))


def by_responses(model, token):
    return OpenAIResponsesModel(model, provider=OpenAIProvider(base_url=V1, api_key=token))


def by_anthropic(model, token):
    client = anthropic.AsyncAnthropic(base_url=GATEWAY, api_key=token, max_retries=0)
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


def by_google(model, token):
    return GoogleModel(model, provider=GoogleProvider(api_key=token, base_url=GATEWAY))


def deeds(*functions):
    return dict(zip(DEEDS, functions, strict=True))


def langchain_openai(model, token, **more):
    return ChatOpenAI(model=model, base_url=V1, api_key=token, max_retries=0, **more)


CLIENTS = [
    langchain("chat", langchain_openai),
    langchain("Responses", lambda model, token: langchain_openai(model, token, use_responses_api=True)),
    langchain("Messages", lambda model, token: ChatAnthropic(model=model, base_url=GATEWAY, api_key=token, max_retries=0)),
    langchain(
        "generateContent",
        lambda model, token: ChatGoogleGenerativeAI(
            model=model, google_api_key=token, base_url=GATEWAY, max_retries=1
        ),
    ),
    litellm_way("chat (`openai/`)", "openai/", V1),
    litellm_way("chat (`litellm_proxy/`)", "litellm_proxy/", V1),
    litellm_responses(),
    litellm_way("Messages (`anthropic/`)", "anthropic/", GATEWAY),
    litellm_way("generateContent (`gemini/`)", "gemini/", f"{GATEWAY}/v1beta"),
    instructor_way("chat", instructor_openai),
    instructor_way("Messages", instructor_anthropic),
    instructor_way("generateContent", instructor_google),
    pydantic_ai("chat", by_openai),
    pydantic_ai("Responses", by_responses),
    pydantic_ai("Messages", by_anthropic),
    pydantic_ai("generateContent", by_google),
]

if __name__ == "__main__":
    fill(CLIENTS)
