// What the official JavaScript clients, Vercel's AI SDK and LangChain do at a
// gateway, cell by cell.
//
// Run by `cargo test another_address`, which gives the gateway's address, a
// token, and the folder in which the clients are installed in the environment.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import {
  BAD_TOKEN,
  COUNT,
  ENDLESS_QUESTION,
  GATEWAY,
  OBJECT_QUESTION,
  PICTURE,
  PICTURE_ANSWER,
  PICTURE_QUESTION,
  TOKEN,
  WEATHER_QUESTION,
  fill,
  mustLeave,
  noSuchModel,
} from '../cells.mjs';

// The SDK warns of models that it does not know.
globalThis.AI_SDK_LOG_WARNINGS = false;
const installed = createRequire(join(process.env.CLIENTS, 'index.js'));
const load = (name) => import(installed.resolve(name));

const { z } = await load('zod');
const City = z.object({ city: z.string() });
const Answer = z.object({ answer: z.number() });
const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const DATA_URL = `data:image/png;base64,${PICTURE}`;
const user = (content) => [{ role: 'user', content }];

const { default: OpenAI } = await load('openai');
const { zodResponseFormat, zodTextFormat } = await load('openai/helpers/zod');
const gpt = (apiKey = TOKEN) => new OpenAI({ baseURL: `${GATEWAY}/v1`, apiKey, maxRetries: 0 });

function openaiChat() {
  const ask = (model, content, more, token) =>
    gpt(token).chat.completions.create({ model, messages: user(content), ...more });
  return {
    async chat(model) {
      const whole = await ask(model, 'count');
      assert.equal(whole.choices[0].message.content, COUNT);
      assert.equal(whole.usage.completion_tokens, 10);
    },
    async stream(model) {
      const asked = { model, messages: user('count'), stream_options: { include_usage: true } };
      const last = await gpt().chat.completions.stream(asked).finalChatCompletion();
      assert.equal(last.choices[0].message.content, COUNT);
      assert.equal(last.usage.completion_tokens, 10);
    },
    async tool(model) {
      const told = { name: 'weather', description: 'Tells the weather', parameters: WEATHER };
      const run = { parse: JSON.parse, function: ({ city }) => `clear in ${city}` };
      const tools = [{ type: 'function', function: { ...told, ...run } }];
      for (const stream of [false, true]) {
        const asked = { model, messages: user(WEATHER_QUESTION), tools, stream };
        assert.match(await gpt().chat.completions.runTools(asked).finalContent(), /clear in Rome/);
      }
    },
    async object(model) {
      const format = { response_format: zodResponseFormat(Answer, 'number') };
      const made = await gpt().chat.completions.parse({ model, messages: user(OBJECT_QUESTION), ...format });
      assert.equal(made.choices[0].message.parsed.answer, 10);
    },
    async picture(model) {
      const shown = { type: 'image_url', image_url: { url: DATA_URL } };
      const told = await ask(model, [{ type: 'text', text: PICTURE_QUESTION }, shown]);
      assert.match(told.choices[0].message.content, PICTURE_ANSWER);
    },
    async error(model) {
      await assert.rejects(ask(noSuchModel(model), 'count'), OpenAI.NotFoundError);
      await assert.rejects(ask(model, 'count', {}, BAD_TOKEN), OpenAI.AuthenticationError);
    },
    async cancel(model) {
      await mustLeave(async () => {
        for await (const _ of await ask(model, ENDLESS_QUESTION, { stream: true })) break;
      });
    },
  };
}

function openaiResponses() {
  const ask = (model, input, more, token) => gpt(token).responses.create({ model, input, store: false, ...more });
  return {
    async chat(model) {
      const whole = await ask(model, 'count');
      assert.equal(whole.output_text, COUNT);
      assert.equal(whole.usage.output_tokens, 10);
    },
    async stream(model) {
      const last = await gpt().responses.stream({ model, input: 'count', store: false }).finalResponse();
      assert.equal(last.output_text, COUNT);
    },
    async tool(model) {
      const tools = [{ type: 'function', name: 'weather', parameters: WEATHER, strict: true }];
      const asked = await ask(model, WEATHER_QUESTION, { tools });
      const call = asked.output.find(({ type }) => type === 'function_call');
      assert.deepEqual([call.name, JSON.parse(call.arguments)], ['weather', { city: 'Rome' }]);
      const result = { type: 'function_call_output', call_id: call.call_id, output: 'clear' };
      const told = await ask(model, [...user(WEATHER_QUESTION), ...asked.output, result], { tools });
      assert.match(told.output_text, /clear/);
    },
    async object(model) {
      const text = { format: zodTextFormat(Answer, 'number') };
      const made = await gpt().responses.parse({ model, input: OBJECT_QUESTION, store: false, text });
      assert.equal(made.output_parsed.answer, 10);
    },
    async picture(model) {
      const shown = { type: 'input_image', image_url: DATA_URL, detail: 'auto' };
      const told = await ask(model, user([{ type: 'input_text', text: PICTURE_QUESTION }, shown]));
      assert.match(told.output_text, PICTURE_ANSWER);
    },
    async error(model) {
      await assert.rejects(ask(noSuchModel(model), 'count'), /no-such-model/);
      await assert.rejects(ask(model, 'count', {}, BAD_TOKEN), OpenAI.AuthenticationError);
    },
    async cancel(model) {
      await mustLeave(async () => {
        for await (const event of await ask(model, ENDLESS_QUESTION, { stream: true })) {
          if (event.type === 'response.output_text.delta') break;
        }
      });
    },
  };
}

const { default: Anthropic } = await load('@anthropic-ai/sdk');
const { betaZodTool } = await load('@anthropic-ai/sdk/helpers/beta/zod');
const { zodOutputFormat } = await load('@anthropic-ai/sdk/helpers/zod');

function anthropicMessages() {
  const client = (apiKey = TOKEN) => new Anthropic({ baseURL: GATEWAY, apiKey, maxRetries: 0 });
  const asked = (model, content) => ({ model, max_tokens: 100, messages: user(content) });
  const ask = (model, content, token) => client(token).messages.create(asked(model, content));
  return {
    async chat(model) {
      const whole = await ask(model, 'count');
      assert.equal(whole.content.at(-1).text, COUNT);
      assert.equal(whole.usage.output_tokens, 10);
    },
    async stream(model) {
      const last = await client().messages.stream(asked(model, 'count')).finalMessage();
      assert.equal(last.content.at(-1).text, COUNT);
      assert.equal(last.usage.output_tokens, 10);
    },
    async tool(model) {
      const told = { name: 'weather', description: 'Tells the weather', inputSchema: City };
      const tools = [betaZodTool({ ...told, run: ({ city }) => `clear in ${city}` })];
      for (const stream of [false, true]) {
        const runner = client().beta.messages.toolRunner({ ...asked(model, WEATHER_QUESTION), tools, stream });
        const last = await runner;
        assert.match(JSON.stringify(stream ? await runner.done() : last.content), /clear in Rome/);
      }
    },
    async object(model) {
      const output_config = { format: zodOutputFormat(Answer) };
      const made = await client().messages.parse({ ...asked(model, OBJECT_QUESTION), output_config });
      assert.equal(made.parsed_output.answer, 10);
    },
    async picture(model) {
      const source = { type: 'base64', media_type: 'image/png', data: PICTURE };
      const told = await ask(model, [{ type: 'image', source }, { type: 'text', text: PICTURE_QUESTION }]);
      assert.match(told.content.at(-1).text, PICTURE_ANSWER);
    },
    async error(model) {
      await assert.rejects(ask(noSuchModel(model), 'count'), Anthropic.NotFoundError);
      await assert.rejects(ask(model, 'count', BAD_TOKEN), Anthropic.AuthenticationError);
    },
    async cancel(model) {
      await mustLeave(async () => {
        const stream = client().messages.stream(asked(model, ENDLESS_QUESTION));
        for await (const event of stream) {
          if (event.type === 'content_block_delta') break;
        }
      });
    },
  };
}

const { GoogleGenAI } = await load('@google/genai');

function googleGenerate() {
  const models = (apiKey = TOKEN) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: GATEWAY } });
  const ask = (model, contents, config, token) => models(token).models.generateContent({ model, contents, config });
  return {
    async chat(model) {
      const whole = await ask(model, 'count');
      assert.equal(whole.text, COUNT);
      assert.equal(whole.usageMetadata.candidatesTokenCount, 10);
    },
    async stream(model) {
      let text = '';
      const pieces = await models().models.generateContentStream({ model, contents: 'count' });
      for await (const piece of pieces) text += piece.text ?? '';
      assert.equal(text, COUNT);
    },
    async tool(model) {
      const weather = { name: 'weather', description: 'Tells the weather', parametersJsonSchema: WEATHER };
      const chat = models().chats.create({ model, config: { tools: [{ functionDeclarations: [weather] }] } });
      const asked = await chat.sendMessage({ message: WEATHER_QUESTION });
      const [call] = asked.functionCalls;
      assert.deepEqual([call.name, call.args], ['weather', { city: 'Rome' }]);
      const functionResponse = { id: call.id, name: call.name, response: { output: 'clear' } };
      const told = await chat.sendMessage({ message: [{ functionResponse }] });
      assert.match(told.text, /clear/);
    },
    async object(model) {
      const format = { responseMimeType: 'application/json', responseJsonSchema: z.toJSONSchema(Answer) };
      assert.equal(JSON.parse((await ask(model, OBJECT_QUESTION, format)).text).answer, 10);
    },
    async picture(model) {
      const inlineData = { mimeType: 'image/png', data: PICTURE };
      const told = await ask(model, [{ role: 'user', parts: [{ text: PICTURE_QUESTION }, { inlineData }] }]);
      assert.match(told.text, PICTURE_ANSWER);
    },
    async error(model) {
      const has = (status) => (error) => error.status === status;
      await assert.rejects(ask(noSuchModel(model), 'count'), has(404));
      await assert.rejects(ask(model, 'count', {}, BAD_TOKEN), has(401));
    },
    async cancel(model) {
      await mustLeave(async () => {
        const leaving = new AbortController();
        const config = { abortSignal: leaving.signal };
        const asked = { model, contents: ENDLESS_QUESTION, config };
        for await (const _ of await models().models.generateContentStream(asked)) break;
        leaving.abort();
      });
    },
  };
}

const ai = await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');
const { createAnthropic } = await load('@ai-sdk/anthropic');
const { createGoogleGenerativeAI } = await load('@ai-sdk/google');
const { createOpenAICompatible } = await load('@ai-sdk/openai-compatible');

/** Vercel's AI SDK by one of its providers, which is made with an address and a token. */
function vercel(make, providerOptions = {}) {
  const asked = (model, token = TOKEN) => ({ model: make(token)(model), maxRetries: 0, providerOptions });
  const execute = ({ city }) => `clear in ${city}`;
  const tools = { weather: ai.tool({ description: 'Tells the weather', inputSchema: City, execute }) };
  const withTool = { prompt: WEATHER_QUESTION, tools, stopWhen: ai.stepCountIs(3) };
  return {
    async chat(model) {
      const whole = await ai.generateText({ ...asked(model), prompt: 'count' });
      assert.equal(whole.text, COUNT);
      assert.equal(whole.usage.outputTokens, 10);
    },
    async stream(model) {
      const streamed = ai.streamText({ ...asked(model), prompt: 'count', onError: () => {} });
      let text = '';
      for await (const piece of streamed.textStream) text += piece;
      assert.equal(text, COUNT);
      assert.equal((await streamed.usage).outputTokens, 10);
    },
    async tool(model) {
      const whole = await ai.generateText({ ...asked(model), ...withTool });
      assert.match(whole.text, /clear in Rome/);
      const streamed = ai.streamText({ ...asked(model), ...withTool, onError: () => {} });
      assert.match(await streamed.text, /clear in Rome/);
    },
    async object(model) {
      const made = await ai.generateObject({ ...asked(model), prompt: OBJECT_QUESTION, schema: Answer });
      assert.equal(made.object.answer, 10);
    },
    async picture(model) {
      const image = { type: 'image', image: PICTURE, mediaType: 'image/png' };
      const messages = user([{ type: 'text', text: PICTURE_QUESTION }, image]);
      assert.match((await ai.generateText({ ...asked(model), messages })).text, PICTURE_ANSWER);
    },
    async error(model) {
      const has = (...statuses) => (error) => statuses.includes(error.statusCode);
      await assert.rejects(ai.generateText({ ...asked(noSuchModel(model)), prompt: 'count' }), has(400, 404));
      await assert.rejects(ai.generateText({ ...asked(model, BAD_TOKEN), prompt: 'count' }), has(401));
    },
    async cancel(model) {
      await mustLeave(async () => {
        const leaving = new AbortController();
        const more = { prompt: ENDLESS_QUESTION, abortSignal: leaving.signal, onError: () => {} };
        for await (const _ of ai.streamText({ ...asked(model), ...more }).textStream) {
          leaving.abort();
        }
      });
    },
  };
}

const { ChatOpenAI } = await load('@langchain/openai');
const { ChatAnthropic } = await load('@langchain/anthropic');
const { ChatGoogleGenerativeAI } = await load('@langchain/google-genai');
const { tool } = await load('@langchain/core/tools');
const { HumanMessage } = await load('@langchain/core/messages');

const textOf = (content) =>
  typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');

/** LangChain by one of its models, which is made with a name and a token. */
function langchain(make) {
  const made = (model, token = TOKEN) => make({ model, apiKey: token, maxRetries: 0 });
  const weather = tool(async ({ city }) => `clear in ${city}`, {
    name: 'weather',
    description: 'Tells the weather',
    schema: City,
  });
  return {
    async chat(model) {
      assert.equal(textOf((await made(model).invoke('count')).content), COUNT);
    },
    async stream(model) {
      let text = '';
      for await (const piece of await made(model).stream('count')) text += textOf(piece.content);
      assert.equal(text, COUNT);
    },
    async tool(model) {
      const bound = made(model).bindTools([weather]);
      const asked = await bound.invoke(WEATHER_QUESTION);
      const result = await weather.invoke(asked.tool_calls[0]);
      const told = await bound.invoke([new HumanMessage(WEATHER_QUESTION), asked, result]);
      assert.match(textOf(told.content), /clear in Rome/);
    },
    async object(model) {
      assert.equal((await made(model).withStructuredOutput(Answer).invoke(OBJECT_QUESTION)).answer, 10);
    },
    async picture(model) {
      const shown = { type: 'image_url', image_url: { url: DATA_URL } };
      const content = [{ type: 'text', text: PICTURE_QUESTION }, shown];
      assert.match(textOf((await made(model).invoke([new HumanMessage({ content })])).content), PICTURE_ANSWER);
    },
    async error(model) {
      await assert.rejects(made(noSuchModel(model)).invoke('count'), /no-such-model/);
      await assert.rejects(made(model, BAD_TOKEN).invoke('count'), /no token/);
    },
    async cancel(model) {
      // Google's older library, which LangChain asks with, reads a stream twice
      // and leaves one of the two unread.
      process.on('unhandledRejection', () => {});
      await mustLeave(async () => {
        const leaving = new AbortController();
        const stream = await made(model).stream(ENDLESS_QUESTION, { signal: leaving.signal });
        const read = async () => {
          for await (const piece of stream) if (textOf(piece.content)) leaving.abort();
        };
        await assert.rejects(read());
      });
    },
  };
}

const vercelOf = (make, path) => (apiKey) => make({ name: 'latchkey', baseURL: `${GATEWAY}${path}`, apiKey });
const vercelOpenai = (apiKey) => vercelOf(createOpenAI, '/v1')(apiKey);
const compatible = { includeUsage: true, supportsStructuredOutputs: true };
const compatibleOf = (options) => createOpenAICompatible({ ...options, ...compatible });
const configuration = { baseURL: `${GATEWAY}/v1` };

const GEMINI_SEES = 'it shows pictures to models alone that are named as Google names its own';
const langchainGoogle = ({ model, ...options }) =>
  new ChatGoogleGenerativeAI({ ...options, model: model.replace('google/', ''), baseUrl: GATEWAY });
const AI = "Vercel's AI SDK";
const LANGCHAIN = 'LangChain (JavaScript)';

await fill([
  { name: '`openai` (JavaScript)', way: 'chat', deeds: openaiChat() },
  { name: '`openai` (JavaScript)', way: 'Responses', deeds: openaiResponses() },
  { name: '`@anthropic-ai/sdk`', way: 'Messages', deeds: anthropicMessages() },
  { name: '`@google/genai`', way: 'generateContent', deeds: googleGenerate() },
  { name: AI, way: 'chat (`@ai-sdk/openai-compatible`)', deeds: vercel(vercelOf(compatibleOf, '/v1')) },
  { name: AI, way: 'chat (`@ai-sdk/openai`)', deeds: vercel((key) => vercelOpenai(key).chat) },
  {
    name: AI,
    way: 'Responses (`@ai-sdk/openai`)',
    deeds: vercel((key) => vercelOpenai(key).responses, { openai: { store: false } }),
  },
  { name: AI, way: 'Messages (`@ai-sdk/anthropic`)', deeds: vercel(vercelOf(createAnthropic, '/v1')) },
  { name: AI, way: 'generateContent (`@ai-sdk/google`)', deeds: vercel(vercelOf(createGoogleGenerativeAI, '/v1beta')) },
  { name: LANGCHAIN, way: 'chat', deeds: langchain((options) => new ChatOpenAI({ ...options, configuration })) },
  {
    name: LANGCHAIN,
    way: 'Responses',
    deeds: langchain((options) => new ChatOpenAI({ ...options, configuration, useResponsesApi: true })),
  },
  {
    name: LANGCHAIN,
    way: 'Messages',
    deeds: langchain((options) => new ChatAnthropic({ ...options, anthropicApiUrl: GATEWAY })),
  },
  {
    name: LANGCHAIN,
    way: 'generateContent',
    deeds: langchain(langchainGoogle),
    cannot: { 'picture OpenAI': GEMINI_SEES, 'picture Anthropic': GEMINI_SEES },
  },
]);
