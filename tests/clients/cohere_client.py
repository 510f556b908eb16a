"""Cohere's official Python client against a gateway, with only the base URL and
the key changed.

Run by `cargo test coheres_client`, which gives the gateway's address and a token
in the environment.
"""

import os

import cohere

GATEWAY = os.environ["GATEWAY_URL"]
TOKEN = os.environ["GATEWAY_TOKEN"]


def rank(base, **more):
    client = cohere.ClientV2(api_key=TOKEN, base_url=base)
    return client.rerank(query="?", documents=["one", "two", "three"], **more)


def cohere_rankings():
    answer = rank(GATEWAY, model="rerank-v3.5", top_n=2)
    assert [it.index for it in answer.results] == [2, 1], answer
    assert answer.results[0].relevance_score == 1, answer
    assert answer.meta.billed_units.search_units == 1, answer


def cohere_native():
    answer = rank(f"{GATEWAY}/cohere", model="rerank-v4.0-fast", max_tokens_per_doc=99)
    assert [it.index for it in answer.results] == [2, 1, 0], answer


def cohere_errors():
    for model, raised in [("no-such-model", cohere.NotFoundError), ("cohere/no-such-model", cohere.NotFoundError)]:
        try:
            rank(GATEWAY, model=model)
        except raised:
            continue
        raise AssertionError(f"{model} was answered")
    try:
        cohere.ClientV2(api_key="latchkey_madeup", base_url=GATEWAY).rerank(model="rerank-v3.5", query="?", documents=["a"])
    except cohere.UnauthorizedError:
        return
    raise AssertionError("a bad token was taken")


CHECKS = [cohere_rankings, cohere_native, cohere_errors]

if __name__ == "__main__":
    for check in CHECKS:
        check()
    print(f"{len(CHECKS)} checks")
    print("; ".join(check.__name__.replace("_", " ") for check in CHECKS))
