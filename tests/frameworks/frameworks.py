"""Frameworks above the providers' libraries against a gateway, each as its
documentation shows, with only the base URL and the key changed: LangChain,
LiteLLM, Instructor, Pydantic AI.

Run by `cargo test frameworks_in_python`, which gives the gateway's address and
a token in the environment.
"""

import os
import sys
import traceback

# LiteLLM would fetch its list of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import anthropic
import instructor
import litellm
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

GATEWAY = os.environ["GATEWAY_URL"]
TOKEN = os.environ["GATEWAY_TOKEN"]
COUNT = "one two three four five six seven eight nine ten"
QUESTION = "What is the weather in Rome?"
UNIFIED = ["openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "google/gemini-3.1-flash-lite"]
GPT, CLAUDE, GEMINI = (model.split("/")[1] for model in UNIFIED)

litellm.suppress_debug_info = True
litellm.telemetry = False


class Number(BaseModel):
    answer: int


@tool
def weather(city: str) -> str:
    """Tells the weather."""
    return f"clear in {city}"


def langchain_models():
    shared = {"api_key": TOKEN, "max_retries": 0}
    for model in UNIFIED:
        yield ChatOpenAI(model=model, base_url=f"{GATEWAY}/v1", **shared)
    yield ChatOpenAI(model=GPT, base_url=f"{GATEWAY}/openai/v1", use_responses_api=True, **shared)
    yield ChatAnthropic(model=CLAUDE, base_url=f"{GATEWAY}/anthropic", **shared)
    yield ChatGoogleGenerativeAI(
        model=GEMINI, google_api_key=TOKEN, base_url=f"{GATEWAY}/google", max_retries=1
    )


def langchain(model):
    """LangChain: words, a stream, a tool and its result, an object by a schema."""
    assert model.invoke("count").text == COUNT
    assert "".join(piece.text for piece in model.stream("count")) == COUNT
    bound = model.bind_tools([weather])
    asked = bound.invoke(QUESTION)
    result = weather.invoke(asked.tool_calls[0])
    assert "clear in Rome" in bound.invoke([HumanMessage(QUESTION), asked, result]).text
    assert model.with_structured_output(Number).invoke("How many?").answer == 10


def litellm_models():
    yield {"model": "openai/gpt-5.2", "api_base": f"{GATEWAY}/openai/v1"}
    yield {"model": f"anthropic/{CLAUDE}", "api_base": f"{GATEWAY}/anthropic"}
    yield {"model": f"gemini/{GEMINI}", "api_base": f"{GATEWAY}/google/v1beta"}
    for model in UNIFIED:
        yield {"model": f"openai/{model}", "api_base": f"{GATEWAY}/v1"}


def with_litellm(model):
    """LiteLLM: words, a stream, a tool and its result, an object by a schema."""
    def ask(messages, **options):
        return litellm.completion(messages=messages, api_key=TOKEN, num_retries=0, **model, **options)

    count = [{"role": "user", "content": "count"}]
    assert ask(count).choices[0].message.content == COUNT
    pieces = ask(count, stream=True)
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == COUNT
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    messages = [{"role": "user", "content": QUESTION}]
    asked = ask(messages, tools=tools).choices[0].message
    result = {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "name": "weather", "content": "clear"}
    told = ask([*messages, asked.model_dump(), result], tools=tools)
    assert "clear" in told.choices[0].message.content, told
    made = ask([{"role": "user", "content": "How many?"}], response_format=Number)
    assert Number.model_validate_json(made.choices[0].message.content).answer == 10


def litellm_lists():
    yield "openai", f"{GATEWAY}/v1", ""
    yield "litellm_proxy", f"{GATEWAY}/v1", "litellm_proxy/"
    yield "anthropic", GATEWAY, "anthropic/"
    yield "gemini", GATEWAY, "gemini/"


def list_by_litellm(way):
    """LiteLLM: the list of models in the dialects of OpenAI, Anthropic and Google"""
    provider, base, start = way
    models = litellm.get_valid_models(
        check_provider_endpoint=True, custom_llm_provider=provider, api_key=TOKEN, api_base=base
    )
    assert all(f"{start}{model}" in models for model in UNIFIED), models


def instructor_modes():
    for model in UNIFIED:
        for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
            yield model, mode


def with_instructor(model_and_mode):
    """Instructor: an object by a tool and by a schema."""
    model, mode = model_and_mode
    client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=TOKEN, max_retries=0)
    made = instructor.from_openai(client, mode=mode).chat.completions.create(
        model=model, response_model=Number, messages=[{"role": "user", "content": "How many?"}], max_retries=0
    )
    assert made.answer == 10


def pydantic_ai_models():
    unified = OpenAIProvider(base_url=f"{GATEWAY}/v1", api_key=TOKEN)
    for model in UNIFIED:
        yield OpenAIChatModel(model, provider=unified)
    yield OpenAIResponsesModel(GPT, provider=OpenAIProvider(base_url=f"{GATEWAY}/openai/v1", api_key=TOKEN))
    client = anthropic.AsyncAnthropic(base_url=f"{GATEWAY}/anthropic", api_key=TOKEN)
    yield AnthropicModel(CLAUDE, provider=AnthropicProvider(anthropic_client=client))
    yield GoogleModel(GEMINI, provider=GoogleProvider(api_key=TOKEN, base_url=f"{GATEWAY}/google"))


def pydantic_ai(model):
    """Pydantic AI: words, a tool and its result, an object by a tool and by a schema."""
    assert Agent(model).run_sync("count").output == COUNT
    with_tool = Agent(model)
    with_tool.tool_plain(name="weather")(lambda city: f"clear in {city}")
    assert "clear in" in with_tool.run_sync(QUESTION).output
    assert Agent(model, output_type=Number).run_sync("How many?").output.answer == 10
    # Pydantic AI itself does not know that Anthropic's newer models can do this.
    if not isinstance(model, AnthropicModel):
        assert Agent(model, output_type=NativeOutput(Number)).run_sync("How many?").output.answer == 10


CHECKS = [
    *[(langchain, model) for model in langchain_models()],
    *[(with_litellm, model) for model in litellm_models()],
    *[(list_by_litellm, way) for way in litellm_lists()],
    *[(with_instructor, pair) for pair in instructor_modes()],
    *[(pydantic_ai, model) for model in pydantic_ai_models()],
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
