// The table of what clients do at a gateway: each client, by each way that it
// has to ask, with a model of each vendor that has a dialect of its own, does
// each deed. `src/tests/http/matrix.rs` runs the scripts that use this, and
// writes what they print into `docs/clients.md`.

import assert from 'node:assert/strict';

export const GATEWAY = process.env.GATEWAY_URL;
export const TOKEN = process.env.GATEWAY_TOKEN;
export const BAD_TOKEN = 'latchkey_madeup';
/**
 * Where the emulated providers tell how many answers without an end have begun,
 * and how many readers have left one.
 */
const ENDLESS = process.env.ENDLESS_URL;
export const MODELS = {
  OpenAI: 'openai/gpt-6-luna',
  Anthropic: 'anthropic/claude-haiku-5-5',
  Google: 'google/gemini-3.1-flash-lite',
};
const DEEDS = ['chat', 'stream', 'tool', 'object', 'picture', 'error', 'cancel'];
export const COUNT = 'one two three four five six seven eight nine ten';
export const WEATHER_QUESTION = 'What is the weather in Rome?';
export const PICTURE_QUESTION = 'how many pictures?';
export const PICTURE_ANSWER = /I see 1 of them\./;
export const OBJECT_QUESTION = 'How many?';
/** Half an answer comes to this, and then nothing until whoever asked leaves. */
export const ENDLESS_QUESTION = 'count, and wait for ever';
/** A red dot. */
export const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==';
/** How long a client may take to start, and a vendor to notice that somebody left, in milliseconds. */
const NOTICE_MS = 240_000;

export const noSuchModel = (model) => `${model.split('/')[0]}/no-such-model`;
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const endless = async (what) => (await (await fetch(ENDLESS)).json())[what];

async function waitForMore(what, before) {
  const until = Date.now() + NOTICE_MS;
  while ((await endless(what)) <= before) {
    assert.ok(Date.now() < until, `no more have ${what}`);
    await pause(20);
  }
}

/** Runs what breaks an answer off; the vendor has to notice. */
export async function mustLeave(act) {
  const before = await endless('left');
  await act();
  await waitForMore('left', before);
}

/** Breaks a program off once it is being answered; the vendor has to notice. */
export async function mustEnd(program) {
  const [stopped, left] = [await endless('stopped'), await endless('left')];
  const child = program();
  await waitForMore('stopped', stopped);
  child.kill('SIGINT');
  await waitForMore('left', left);
}

/**
 * Tries every cell, and prints the table. A client has a name, a way, `deeds`,
 * which are given a model, and in `cannot` a reason for each deed that the
 * client itself can't do, by its name or, with one vendor's models, by
 * `deed vendor`.
 */
export async function fill(clients) {
  const only = process.env.ONLY ?? '';
  const cells = [];
  let failed = 0;
  for (const { name, way, deeds, cannot = {} } of clients) {
    for (const [vendor, model] of Object.entries(MODELS)) {
      for (const deed of DEEDS) {
        const why = cannot[deed] ?? cannot[`${deed} ${vendor}`] ?? null;
        const title = `${name} | ${way} | ${vendor} | ${deed}`;
        if (!title.includes(only)) continue;
        assert.ok(why || deeds[deed], title);
        const began = Date.now();
        try {
          if (!why) await deeds[deed](model);
        } catch (error) {
          failed += 1;
          console.error(`\n${title}: ${error.stack ?? error}`);
        }
        if (process.env.TIMES) console.error(`${title}: ${Date.now() - began} ms`);
        cells.push({ client: name, way, vendor, deed, cannot: why });
      }
    }
  }
  await new Promise((written) => process.stdout.write(JSON.stringify(cells), written));
  process.exit(failed > 0 ? 1 : 0);
}
