// What coding agents on the command line do at a gateway, cell by cell.
//
// Run by `cargo test another_address`, which gives the gateway's address, a
// token, and the folder in which the agents are installed in the environment.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  BAD_TOKEN,
  COUNT,
  ENDLESS_QUESTION,
  GATEWAY,
  MODELS,
  OBJECT_QUESTION,
  PICTURE,
  PICTURE_ANSWER,
  PICTURE_QUESTION,
  TOKEN,
  fill,
  mustEnd,
  noSuchModel,
} from '../cells.mjs';

const INSTALLED = join(process.env.AGENTS, 'node_modules');
/** How packages name the system and its processor. */
const SYSTEM = `${process.platform}-${process.arch}`;
/** How long an agent may take for one question, in milliseconds. */
const PATIENCE_MS = 300_000;
const SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'integer' } },
  required: ['answer'],
  additionalProperties: false,
};
const DOT = Buffer.from(PICTURE, 'base64');

/** Starts an agent in a home of its own, beside a picture; the process and what becomes of it. */
function start(program, args, { env = {}, files = {}, input = null }) {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-agent-'));
  for (const [name, text] of Object.entries({ 'dot.png': DOT, ...files })) {
    mkdirSync(join(home, name, '..'), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const child = spawn(join(INSTALLED, program), args, {
    cwd: home,
    // An agent reaches the gateway and nothing else.
    env: { PATH: process.env.PATH, HOME: home, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1', ...env },
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
  });
  child.stdin?.end(input);
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  child.stderr.on('data', (piece) => (said += piece));
  const done = new Promise((resolve) => {
    child.on('close', (status) => {
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
      resolve({ status, said });
    });
  });
  return { child, done };
}

/** The words that an agent's stream of events has for its answer. */
function piecesIn(said, textOf) {
  const lines = said.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => textOf(JSON.parse(line))).filter((text) => text !== undefined);
}

/**
 * The deeds of an agent. `begin` starts it with a model, a prompt and options:
 * `token`, and what else it takes of `streamed`, `schema` and `picture`.
 */
function deeds(begin, { tool, toldAfter = /The tool said/, unknown, refused, pieceOf }) {
  const ask = async (model, prompt, options = {}) => {
    const { done } = begin(model, prompt, options);
    return await done;
  };
  return {
    async chat(model) {
      const { said } = await ask(model, 'count');
      assert.ok(said.includes(COUNT), said);
    },
    async stream(model) {
      const { said } = await ask(model, 'count', { streamed: true });
      const pieces = piecesIn(said, pieceOf);
      assert.ok(pieces.length > 1, said);
      assert.ok(pieces.join('').includes(COUNT), said);
    },
    async tool(model) {
      const { said } = await ask(model, `Use ${tool(model)}`);
      assert.match(said, toldAfter);
    },
    async object(model) {
      const { said } = await ask(model, OBJECT_QUESTION, { schema: SCHEMA });
      assert.match(said, /"answer"\s*:\s*10/);
    },
    async picture(model) {
      const { said } = await ask(model, PICTURE_QUESTION, { picture: 'dot.png' });
      assert.match(said, PICTURE_ANSWER);
    },
    async error(model) {
      assert.match((await ask(noSuchModel(model), 'count')).said, unknown);
      assert.match((await ask(model, 'count', { token: BAD_TOKEN })).said, refused);
    },
    async cancel(model) {
      let running;
      await mustEnd(() => {
        running = begin(model, ENDLESS_QUESTION, {});
        return running.child;
      });
      await running.done;
    },
  };
}

/** The message that Claude Code is sent with a picture in it, as a line of JSON. */
function claudeInput(prompt) {
  const source = { type: 'base64', media_type: 'image/png', data: PICTURE };
  const content = [{ type: 'text', text: prompt }, { type: 'image', source }];
  return `${JSON.stringify({ type: 'user', message: { role: 'user', content } })}\n`;
}

function beginClaude(model, prompt, { token = TOKEN, streamed, schema, picture }) {
  const program = `@anthropic-ai/claude-code-${SYSTEM}/claude`;
  const events = ['--output-format', 'stream-json', '--verbose'];
  const args = [
    '-p',
    ...(picture ? ['--input-format', 'stream-json', ...events] : [prompt]),
    ...(streamed ? [...events, '--include-partial-messages'] : []),
    ...(schema ? ['--json-schema', JSON.stringify(schema), '--output-format', 'json'] : []),
    ...['--model', model, '--allowedTools', 'Glob'],
  ];
  const env = {
    ANTHROPIC_BASE_URL: GATEWAY,
    ANTHROPIC_AUTH_TOKEN: token,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
  };
  return start(program, args, { env, input: picture ? claudeInput(prompt) : null });
}

/** Codex with a provider of its own making, or with the one that it has. */
function beginCodex(isBuiltIn) {
  const provider = isBuiltIn
    ? `openai_base_url = "${GATEWAY}/v1"\n`
    : `model_provider = "latchkey"
[model_providers.latchkey]
name = "Latchkey"
base_url = "${GATEWAY}/v1"
env_key = "LATCHKEY_TOKEN"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`;
  return (model, prompt, { token = TOKEN, schema, picture }) => {
    const args = [
      ...['exec', '--skip-git-repo-check', '-s', 'read-only'],
      ...(schema ? ['--output-schema', 'schema.json'] : []),
      ...(picture ? [prompt, '-i', picture] : [prompt]),
    ];
    const env = { LATCHKEY_TOKEN: token, CODEX_API_KEY: token, OPENAI_API_KEY: token };
    const files = {
      '.codex/config.toml': `model = "${model}"\ncheck_for_update_on_startup = false\n${provider}`,
      'schema.json': JSON.stringify(SCHEMA),
    };
    return start('.bin/codex', args, { env, files });
  };
}

function beginGemini(model, prompt, { token = TOKEN, streamed, picture }) {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: { enableAutoUpdate: false },
  };
  const asked = picture ? `@${picture} ${prompt}` : prompt;
  const args = ['-m', model, '--approval-mode', 'yolo', '-p', asked, ...(streamed ? ['-o', 'stream-json'] : [])];
  return start('.bin/gemini', args, {
    env: { GOOGLE_GEMINI_BASE_URL: GATEWAY, GEMINI_API_KEY: token, GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    files: { '.gemini/settings.json': JSON.stringify(settings) },
  });
}

/** opencode with one of the packages that it asks providers with. */
function beginOpencode(npm, path) {
  return (model, prompt, { token = TOKEN, picture }) => {
    const sees = { attachment: true, modalities: { input: ['text', 'image'], output: ['text'] }, tool_call: true };
    const names = [...Object.values(MODELS), noSuchModel(model)];
    const provider = {
      npm,
      name: 'Latchkey',
      options: { baseURL: `${GATEWAY}${path}`, apiKey: token },
      models: Object.fromEntries(names.map((name) => [name, sees])),
    };
    const config = { autoupdate: false, share: 'disabled', provider: { latchkey: provider } };
    const shown = picture ? ['-f', picture] : [];
    return start(`opencode-${SYSTEM}/bin/opencode`, ['run', '-m', `latchkey/${model}`, prompt, ...shown], {
      env: { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' },
      files: { '.config/opencode/opencode.json': JSON.stringify(config) },
    });
  };
}

const claude = deeds(beginClaude, {
  tool: () => 'Glob',
  unknown: /no-such-model/,
  refused: /401 This is no token/,
  pieceOf: ({ event }) => event?.delta?.text,
});
const codexWords = {
  // It knows OpenAI's models, and gives them one tool that runs programs.
  tool: (model) => (model.startsWith('openai/') ? 'exec' : 'exec_command'),
  unknown: /no-such-model/,
  refused: /This is no token/,
};
const gemini = deeds(beginGemini, {
  tool: () => 'glob',
  unknown: /no-such-model/,
  refused: /This is no token/,
  pieceOf: (event) => (event.type === 'message' && event.role === 'assistant' ? event.content : undefined),
});
const opencodeWords = { tool: () => 'glob', unknown: /no-such-model/, refused: /This is no token/ };

const WHOLE_LINES = 'it asks for a stream and prints whole messages';
const NO_SCHEMA = 'it has no option for a schema';
const codexCannot = { stream: WHOLE_LINES };
const opencodeCannot = { stream: WHOLE_LINES, object: NO_SCHEMA };

const OPENCODE = [
  ['chat (`@ai-sdk/openai-compatible`)', '@ai-sdk/openai-compatible', '/v1'],
  ['Responses (`@ai-sdk/openai`)', '@ai-sdk/openai', '/v1'],
  ['Messages (`@ai-sdk/anthropic`)', '@ai-sdk/anthropic', '/v1'],
  ['generateContent (`@ai-sdk/google`)', '@ai-sdk/google', '/v1beta'],
];
const opencode = OPENCODE.map(([way, npm, path]) => ({
  name: 'opencode',
  way,
  deeds: deeds(beginOpencode(npm, path), opencodeWords),
  cannot: opencodeCannot,
}));
const [opencodeChat, ...opencodeOthers] = opencode;
const codex = [
  ['Responses (a provider of its own)', false],
  ['Responses (built-in provider)', true],
].map(([way, isBuiltIn]) => ({
  name: 'Codex',
  way,
  deeds: deeds(beginCodex(isBuiltIn), codexWords),
  cannot: codexCannot,
}));

// An agent takes seconds to start: what takes minutes is tried at night.
const agents = {
  quick: [
    { name: 'Claude Code', way: 'Messages', deeds: claude },
    ...codex,
    { name: 'Gemini CLI', way: 'generateContent', deeds: gemini, cannot: { object: NO_SCHEMA } },
    opencodeChat,
  ],
  nightly: opencodeOthers,
};
await fill(agents[process.argv[2] ?? 'quick']);
