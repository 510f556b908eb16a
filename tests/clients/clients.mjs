// The official JavaScript clients, Vercel's AI SDK and LangChain against a
// gateway, each as its documentation shows, with only the base URL and the key
// changed.
//
// Run by `cargo test official_clients`, which gives the gateway's address, a
// token, and the folder in which the clients are installed in the environment.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const GATEWAY = process.env.GATEWAY_URL;
const TOKEN = process.env.GATEWAY_TOKEN;
const installed = createRequire(join(process.env.CLIENTS, 'index.js'));
const load = (name) => import(installed.resolve(name));

const { z } = await load('zod');
const COUNT = 'one two three four five six seven eight nine ten';
// A red dot.
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==';
const MODELS = ['openai/gpt-6-luna', 'anthropic/claude-haiku-5-5', 'google/gemini-3.1-flash-lite'];
const QUESTION = 'What is the weather in Rome?';
const City = z.object({ city: z.string() });
const Answer = z.object({ answer: z.number() });
const tellWeather = ({ city }) => `clear in ${city}`;

const { default: OpenAI } = await load('openai');
const openai = (options) => new OpenAI({ baseURL: `${GATEWAY}/v1`, apiKey: TOKEN, ...options });

async function openaiChat(model) {
  const messages = [{ role: 'user', content: 'count' }];
  const whole = await openai().chat.completions.create({ model, messages });
  assert.equal(whole.choices[0].message.content, COUNT);
  assert.equal(whole.choices[0].finish_reason, 'stop');
  assert.equal(whole.usage.completion_tokens, 10);
  const stream = openai().chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
  const last = await stream.finalChatCompletion();
  assert.equal(last.choices[0].message.content, COUNT);
  assert.equal(last.usage.completion_tokens, 10);
}

async function openaiTools(model) {
  const tools = [
    {
      type: 'function',
      function: {
        name: 'weather',
        description: 'Tells the weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        parse: JSON.parse,
        function: tellWeather,
      },
    },
  ];
  for (const stream of [false, true]) {
    const messages = [{ role: 'user', content: QUESTION }];
    const runner = openai().chat.completions.runTools({ model, messages, tools, stream });
    assert.match(await runner.finalContent(), /clear in Rome/);
  }
}

async function openaiJson(model) {
  const { zodResponseFormat } = await load('openai/helpers/zod');
  const answer = await openai().chat.completions.parse({
    model,
    messages: [{ role: 'user', content: 'How many?' }],
    response_format: zodResponseFormat(Answer, 'number'),
  });
  assert.equal(answer.choices[0].message.parsed.answer, 10);
}

async function openaiPicture(model) {
  const content = [
    { type: 'text', text: 'count' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${PICTURE}` } },
  ];
  const answer = await openai().chat.completions.create({ model, messages: [{ role: 'user', content }] });
  assert.match(answer.choices[0].message.content, /count|one two/);
}

async function openaiErrors(model) {
  const ask = (client, name) =>
    client.chat.completions.create({ model: name, messages: [{ role: 'user', content: 'count' }] });
  const [provider] = model.split('/');
  await assert.rejects(ask(openai({ maxRetries: 0 }), `${provider}/no-such-model`), OpenAI.NotFoundError);
  await assert.rejects(ask(openai({ apiKey: 'latchkey_madeup' }), model), OpenAI.AuthenticationError);
}

async function openaiCancel(model) {
  const messages = [{ role: 'user', content: 'count' }];
  const stream = await openai().chat.completions.create({ model, messages, stream: true });
  for await (const _ of stream) break;
  assert.ok(stream.controller.signal.aborted);
}

async function openaiOthers() {
  const client = openai();
  const whole = await client.responses.create({ model: MODELS[0], input: 'count' });
  assert.equal(whole.output_text, COUNT);
  const vectors = await client.embeddings.create({ model: 'openai/text-embedding-3-small', input: ['a', 'b'] });
  assert.equal(vectors.data.length, 2);
  const listed = [];
  for await (const model of client.models.list()) listed.push(model.id);
  for (const model of MODELS) assert.ok(listed.includes(model), `${model} is not listed`);
}

const { default: Anthropic } = await load('@anthropic-ai/sdk');
const CLAUDE = { model: 'claude-haiku-5-5', max_tokens: 100 };
const anthropic = (options) => new Anthropic({ baseURL: `${GATEWAY}/anthropic`, apiKey: TOKEN, ...options });

async function anthropicChat() {
  const messages = [{ role: 'user', content: 'count' }];
  for (const client of [anthropic(), anthropic({ apiKey: null, authToken: TOKEN })]) {
    const whole = await client.messages.create({ ...CLAUDE, messages });
    assert.equal(whole.content[0].text, COUNT);
    const streamed = await client.messages.stream({ ...CLAUDE, messages }).finalMessage();
    assert.equal(streamed.content[0].text, COUNT);
    assert.equal(streamed.usage.output_tokens, 10);
    const counted = await client.messages.countTokens({ model: CLAUDE.model, messages });
    assert.equal(counted.input_tokens, 12);
  }
}

async function anthropicTools() {
  const { betaZodTool } = await load('@anthropic-ai/sdk/helpers/beta/zod');
  const weather = betaZodTool({
    name: 'weather',
    description: 'Tells the weather',
    inputSchema: City,
    run: tellWeather,
  });
  const messages = [{ role: 'user', content: QUESTION }];
  for (const stream of [false, true]) {
    const runner = anthropic().beta.messages.toolRunner({ ...CLAUDE, messages, tools: [weather], stream });
    const last = await runner;
    assert.match(JSON.stringify(stream ? await (await runner.done()) : last.content), /clear in Rome/);
  }
}

async function anthropicErrors() {
  const ask = (client, model) =>
    client.messages.create({ ...CLAUDE, model, messages: [{ role: 'user', content: 'count' }] });
  await assert.rejects(ask(anthropic({ maxRetries: 0 }), 'no-such-model'), Anthropic.NotFoundError);
  await assert.rejects(ask(anthropic({ apiKey: 'latchkey_madeup' }), CLAUDE.model), Anthropic.AuthenticationError);
}

const { GoogleGenAI } = await load('@google/genai');
const GEMINI = 'gemini-3.1-flash-lite';
const google = (apiKey = TOKEN) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${GATEWAY}/google` } });

async function googleChat() {
  const whole = await google().models.generateContent({ model: GEMINI, contents: 'count' });
  assert.equal(whole.text, COUNT);
  let text = '';
  for await (const piece of await google().models.generateContentStream({ model: GEMINI, contents: 'count' })) {
    text += piece.text ?? '';
  }
  assert.equal(text, COUNT);
  const counted = await google().models.countTokens({ model: GEMINI, contents: 'hi' });
  assert.equal(counted.totalTokens, 12);
  const vectors = await google().models.embedContent({ model: 'gemini-embedding-001', contents: 'hi' });
  assert.deepEqual(vectors.embeddings[0].values, [0.25, -0.5]);
}

async function googleFiles() {
  for (const baseUrl of [`${GATEWAY}/google`, GATEWAY]) {
    const client = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl } });
    const file = new Blob(['a made-up file'], { type: 'text/plain' });
    const sent = await client.files.upload({ file, config: { mimeType: 'text/plain' } });
    assert.equal(sent.name, 'files/made-up');
  }
}

async function googleTools() {
  const weather = {
    name: 'weather',
    description: 'Tells the weather',
    parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  };
  const chat = google().chats.create({ model: GEMINI, config: { tools: [{ functionDeclarations: [weather] }] } });
  const asked = await chat.sendMessage({ message: QUESTION });
  const [call] = asked.functionCalls;
  assert.deepEqual([call.name, call.args], ['weather', { city: 'Rome' }]);
  const response = { output: tellWeather(call.args) };
  const told = await chat.sendMessage({
    message: [{ functionResponse: { id: call.id, name: call.name, response } }],
  });
  assert.match(told.text, /clear in Rome/);
}

/** The library leaves a turn out of the next call that it takes for invalid. */
async function googleTurns() {
  const client = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: GATEWAY } });
  for (const model of ['anthropic/claude-haiku-5-5', 'openai/gpt-5.2']) {
    const chat = client.chats.create({ model });
    for (const message of ['count', 'count']) {
      let text = '';
      for await (const piece of await chat.sendMessageStream({ message })) text += piece.text ?? '';
      assert.equal(text, COUNT, model);
    }
    const kept = chat.getHistory(true).filter(({ role }) => role === 'user');
    assert.equal(kept.length, 2, model);
  }
}

async function googleErrors() {
  const ask = (client, model) => client.models.generateContent({ model, contents: 'count' });
  const has = (status) => (error) => error.status === status;
  await assert.rejects(ask(google(), 'no-such-model'), has(404));
  await assert.rejects(ask(google('latchkey_madeup'), GEMINI), has(401));
}

const ai = await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');
const { createAnthropic } = await load('@ai-sdk/anthropic');
const { createGoogleGenerativeAI } = await load('@ai-sdk/google');
const { createOpenAICompatible } = await load('@ai-sdk/openai-compatible');

/** Every model by every way that Vercel's AI SDK has to it. */
function vercelModels() {
  const shared = { apiKey: TOKEN };
  const compatible = createOpenAICompatible({
    ...shared,
    name: 'latchkey',
    baseURL: `${GATEWAY}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return [
    createOpenAI({ ...shared, baseURL: `${GATEWAY}/openai/v1` })('gpt-6-luna'),
    createOpenAI({ ...shared, baseURL: `${GATEWAY}/openai/v1` }).chat('gpt-5.2'),
    createAnthropic({ ...shared, baseURL: `${GATEWAY}/anthropic/v1` })(CLAUDE.model),
    createGoogleGenerativeAI({ ...shared, baseURL: `${GATEWAY}/google/v1beta` })(GEMINI),
    ...MODELS.map((model) => compatible(model)),
  ];
}

async function vercel(model) {
  const asked = { model, maxRetries: 0 };
  const streamed = ai.streamText({ ...asked, prompt: 'count', onError: () => {} });
  let text = '';
  for await (const piece of streamed.textStream) text += piece;
  assert.equal(text, COUNT);
  assert.equal((await streamed.usage).outputTokens, 10);
  const weather = ai.tool({ description: 'Tells the weather', inputSchema: City, execute: tellWeather });
  const tools = { weather };
  const told = ai.streamText({ ...asked, prompt: QUESTION, tools, stopWhen: ai.stepCountIs(3), onError: () => {} });
  assert.match(await told.text, /clear in Rome/);
  const whole = await ai.generateText({ ...asked, prompt: QUESTION, tools, stopWhen: ai.stepCountIs(3) });
  assert.match(whole.text, /clear in Rome/);
  const made = await ai.generateObject({ ...asked, prompt: 'How many?', schema: Answer });
  assert.equal(made.object.answer, 10);
}

const { ChatOpenAI } = await load('@langchain/openai');
const { ChatAnthropic } = await load('@langchain/anthropic');
const { ChatGoogleGenerativeAI } = await load('@langchain/google-genai');
const { tool } = await load('@langchain/core/tools');
const { HumanMessage } = await load('@langchain/core/messages');

function langchainModels() {
  const shared = { apiKey: TOKEN, maxRetries: 0 };
  const unified = MODELS.map(
    (model) => new ChatOpenAI({ ...shared, model, configuration: { baseURL: `${GATEWAY}/v1` } }),
  );
  const configuration = { baseURL: `${GATEWAY}/openai/v1` };
  return [
    ...unified,
    new ChatOpenAI({ ...shared, model: 'gpt-5.2', configuration }),
    new ChatOpenAI({ ...shared, model: 'gpt-6-luna', configuration, useResponsesApi: true }),
    new ChatAnthropic({ ...shared, model: CLAUDE.model, anthropicApiUrl: `${GATEWAY}/anthropic` }),
    new ChatGoogleGenerativeAI({ ...shared, model: GEMINI, baseUrl: `${GATEWAY}/google` }),
  ];
}

const textOf = (content) =>
  typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');

async function langchain(model) {
  assert.equal(textOf((await model.invoke('count')).content), COUNT);
  let text = '';
  for await (const piece of await model.stream('count')) text += textOf(piece.content);
  assert.equal(text, COUNT);
  const weather = tool(async (input) => tellWeather(input), {
    name: 'weather',
    description: 'Tells the weather',
    schema: City,
  });
  const bound = model.bindTools([weather]);
  const asked = await bound.invoke(QUESTION);
  const result = await weather.invoke(asked.tool_calls[0]);
  const told = await bound.invoke([new HumanMessage(QUESTION), asked, result]);
  assert.match(textOf(told.content), /clear in Rome/);
  const made = await model.withStructuredOutput(Answer).invoke('How many?');
  assert.equal(made.answer, 10);
}

const over = (models, check) => models.map((model) => [check, model]);
const CHECKS = [
  ...[openaiChat, openaiTools, openaiJson, openaiPicture, openaiErrors, openaiCancel].flatMap((check) =>
    over(MODELS, check),
  ),
  [openaiOthers],
  [anthropicChat],
  [anthropicTools],
  [anthropicErrors],
  [googleChat],
  [googleFiles],
  [googleTools],
  [googleTurns],
  [googleErrors],
  ...over(vercelModels(), vercel),
  ...over(langchainModels(), langchain),
];

/** What a check is told about, in a line of its own. */
function nameOf([check, model]) {
  const name = typeof model === 'string' ? model : [model?.provider, model?.model, model?.modelId].filter(Boolean);
  return `${check.name} ${name ?? ''}`.trim();
}

/** What a check tries that is called as what it drives. */
const TOLD = {
  vercel: "Vercel's AI SDK: words, a stream, a tool and its result, an object by a schema",
  langchain: 'LangChain: words, a stream, a tool and its result, an object by a schema',
};
/** What a check tries, in words. */
const told = ([check]) => TOLD[check.name] ?? check.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const failures = [];
for (const [check, ...models] of CHECKS) {
  try {
    await check(...models);
  } catch (error) {
    failures.push(`${nameOf([check, ...models])}: ${error.stack ?? error}`);
  }
}
console.error(failures.join('\n\n'));
console.log(`${CHECKS.length - failures.length} of ${CHECKS.length} checks`);
console.log([...new Set(CHECKS.map(told))].join('; '));
process.exit(failures.length === 0 ? 0 : 1);
