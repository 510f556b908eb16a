// Coding agents on the command line against a gateway, each set up as its
// documentation says, with only the address and the key changed.
//
// Run by `cargo test coding_agents`, which gives the gateway's address, a
// token, and the folder in which the agents are installed in the environment.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const GATEWAY = process.env.GATEWAY_URL;
const TOKEN = process.env.GATEWAY_TOKEN;
const INSTALLED = join(process.env.AGENTS, 'node_modules');
/** How packages name the system and its processor. */
const SYSTEM = `${process.platform}-${process.arch}`;
const COUNT = /one two three four five six seven eight nine ten/;
/** How long an agent may take for one question, in milliseconds. */
const PATIENCE = 300_000;
/** A model of each dialect, as the gateway names them. */
const UNIFIED = ['openai/gpt-6-luna', 'anthropic/claude-haiku-5-5', 'google/gemini-3.1-flash-lite'];
const NOTE = 'The code word is lighthouse.';

/** Runs an agent in a home of its own, beside a file; what it says. */
function run(program, args, { env = {}, files = {} }) {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-agent-'));
  writeFileSync(join(home, 'note.txt'), NOTE);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(home, name, '..'), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const child = spawn(join(INSTALLED, program), args, {
    cwd: home,
    // An agent reaches the gateway and nothing else.
    env: { PATH: process.env.PATH, HOME: home, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
  });
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  child.stderr.on('data', (piece) => (said += piece));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
      resolve({ status, said });
    });
  });
}

const CLAUDE = `@anthropic-ai/claude-code-${SYSTEM}/claude`;

function askClaude(prompt, { token = TOKEN, model = 'claude-haiku-5-5', address = `${GATEWAY}/anthropic` } = {}) {
  return run(CLAUDE, ['-p', prompt, '--model', model, '--allowedTools', 'Glob'], {
    env: {
      ANTHROPIC_BASE_URL: address,
      ANTHROPIC_AUTH_TOKEN: token,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  });
}

async function claudeCode() {
  const { said } = await askClaude('count');
  assert.match(said, COUNT);
}

/** Claude Code at the gateway itself, with models of every provider. */
async function claudeCodeWithOtherModels() {
  for (const model of UNIFIED) {
    const { said } = await askClaude('count', { model, address: GATEWAY });
    assert.match(said, COUNT, `${model}: ${said}`);
  }
}

async function claudeCodeWithATool() {
  const { said } = await askClaude('Use Glob');
  assert.match(said, /The tool said/);
}

/** What the model thought before the call goes back to it with the result. */
async function claudeCodeWithAToolAndOtherModels() {
  for (const model of UNIFIED) {
    const { said } = await askClaude('think: Use Glob', { model, address: GATEWAY });
    assert.match(said, /The tool said/, `${model}: ${said}`);
  }
}

async function claudeCodeWithABadToken() {
  const { said, status } = await askClaude('count', { token: 'latchkey_madeup' });
  assert.notEqual(status, 0);
  assert.match(said, /401 This is no token/);
}

function askCodex(prompt, model = 'gpt-6-luna', address = `${GATEWAY}/openai/v1`) {
  const config = `
model = "${model}"
model_provider = "latchkey"
[model_providers.latchkey]
name = "Latchkey"
base_url = "${address}"
env_key = "LATCHKEY_TOKEN"
wire_api = "responses"
`;
  return run('.bin/codex', ['exec', '--skip-git-repo-check', '-s', 'read-only', prompt], {
    env: { LATCHKEY_TOKEN: TOKEN },
    files: { '.codex/config.toml': config },
  });
}

async function codex() {
  const unified = UNIFIED.map((model) => [model, `${GATEWAY}/v1`]);
  for (const [model, address] of [['gpt-6-luna', `${GATEWAY}/openai/v1`], ...unified]) {
    const { said } = await askCodex('count', model, address);
    assert.match(said, COUNT, `${model}: ${said}`);
  }
}

function askGemini(prompt, token = TOKEN) {
  const settings = {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
  };
  return run('.bin/gemini', ['-m', 'gemini-3.1-flash-lite', '-p', prompt], {
    env: { GOOGLE_GEMINI_BASE_URL: `${GATEWAY}/google`, GEMINI_API_KEY: token, GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    files: { '.gemini/settings.json': JSON.stringify(settings) },
  });
}

async function geminiCli() {
  const { said } = await askGemini('count');
  assert.match(said, COUNT);
}

const CONFIGURED = {
  anthropic: { options: { baseURL: `${GATEWAY}/anthropic/v1`, apiKey: TOKEN }, models: { 'claude-haiku-5-5': {} } },
  openai: { options: { baseURL: `${GATEWAY}/openai/v1`, apiKey: TOKEN }, models: { 'gpt-6-luna': {} } },
  google: { options: { baseURL: `${GATEWAY}/google/v1beta`, apiKey: TOKEN }, models: { 'gemini-3.1-flash-lite': {} } },
  latchkey: {
    npm: '@ai-sdk/openai-compatible',
    name: 'Latchkey',
    options: { baseURL: `${GATEWAY}/v1`, apiKey: TOKEN },
    models: {
      'openai/gpt-6-luna': {},
      'anthropic/claude-haiku-5-5': {},
      'google/gemini-3.1-flash-lite': {},
    },
  },
};

function askOpencode(model, prompt) {
  const config = { autoupdate: false, share: 'disabled', provider: CONFIGURED };
  return run(`opencode-${SYSTEM}/bin/opencode`, ['run', '-m', model, prompt], {
    env: { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' },
    files: { '.config/opencode/opencode.json': JSON.stringify(config) },
  });
}

async function opencode() {
  for (const [provider, { models }] of Object.entries(CONFIGURED)) {
    for (const model of Object.keys(models)) {
      const { said } = await askOpencode(`${provider}/${model}`, 'count');
      assert.match(said, COUNT, `${provider}/${model}: ${said}`);
    }
  }
}

const CHECKS = [
  opencode,
  claudeCode,
  claudeCodeWithOtherModels,
  claudeCodeWithATool,
  claudeCodeWithAToolAndOtherModels,
  claudeCodeWithABadToken,
  codex,
  geminiCli,
];

/** What a check tries, in words. */
const told = (check) => check.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const failures = [];
for (const check of CHECKS) {
  const began = Date.now();
  try {
    await check();
  } catch (error) {
    failures.push(`${check.name}: ${error.stack ?? error}`);
  }
  console.error(`${check.name}: ${Math.round((Date.now() - began) / 1_000)} s`);
}
console.error(failures.join('\n\n'));
console.log(`${CHECKS.length - failures.length} of ${CHECKS.length} checks`);
console.log([...new Set(CHECKS.map(told))].join('; '));
process.exit(failures.length === 0 ? 0 : 1);
