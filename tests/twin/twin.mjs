// Runs the program in front of an emulated Discord that is not ours, the npm
// package discord-digital-twin, and does what a person does there. Its first
// line of output says where it is; the caller then starts the program. The
// last line counts what was checked. It stops at the first thing that is
// wrong.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const installed = path.join(process.env.TWIN, 'node_modules/discord-digital-twin/dist/index.js')
const { DigitalDiscord } = await import(pathToFileURL(installed))

const MODAL = 9, REPLY = 4, DEFERRED = 5
const TEXT_CHANNEL = 0
const WITHIN_MS = 20_000

let checks = 0
function check(is, what) {
  if (!is) throw new Error(what)
  checks += 1
}

async function until(what, find) {
  const end = Date.now() + WITHIN_MS
  while (Date.now() < end) {
    const found = await find()
    if (found) return found
    await new Promise((resume) => setTimeout(resume, 20))
  }
  throw new Error(`in vain: ${what}`)
}

const discord = new DigitalDiscord({
  guild: { name: 'Lantern Club' },
  channels: [{ name: 'general', type: TEXT_CHANNEL }],
  users: [{ username: 'mia' }],
  botToken: process.env.DISCORD_TOKEN,
  dbUrl: `file:${process.env.FOLDER}/twin.db`,
})
await discord.start()
console.log(JSON.stringify({ api: `${discord.restUrl}/v10` }))

const { prisma } = discord
const channelId = (await prisma.channel.findFirst()).id
const userId = await discord.getFirstNonBotUserId()

/** What Discord keeps of an interaction, once it is answered. */
const answered = (id) => until('an answer', async () => {
  const kept = await prisma.interactionResponse.findUnique({ where: { interactionId: id } })
  return kept?.acknowledged && kept
})

/** What the message of an interaction says, once it says something like this. */
const says = async (id, wanted) => {
  const { type } = await answered(id)
  check(type === REPLY || type === DEFERRED, `answered by type ${type}`)
  let said = ''
  return until(`${wanted} in: ${said}`, async () => {
    const { messageId } = await prisma.interactionResponse.findUnique({ where: { interactionId: id } })
    const message = messageId && await prisma.message.findUnique({ where: { id: messageId } })
    said = message?.content ?? ''
    return wanted.test(said) && said
  })
}

const runs = async (name, options) => {
  const { id } = await discord.simulateSlashCommand({ channelId, userId, name, options })
  return id
}

// It has no list of commands to read, so none are registered, and it takes
// any that somebody runs.
await until('the bot', () => discord.server.gateway.clients.some((it) => it.identified))
checks += 1

const status = await runs('keys', [{ name: 'status', type: 1, options: [] }])
check(/Groq/.test(await says(status, /Groq/)), 'no status')

const add = await runs('keys', [{ name: 'add', type: 1, options: [
  { name: 'provider', type: 3, value: 'groq' }, { name: 'scope', type: 4, value: 0 },
] }])
const form = await answered(add)
check(form.type === MODAL, `the form is of type ${form.type}`)
const { custom_id: customId, components } = JSON.parse(form.data)
const field = components[0].component.custom_id
const sent = await discord.simulateModalSubmit({
  channelId, userId, customId, fields: [{ customId: field, value: process.env.KEY }],
})
check(!(await says(sent.id, /Groq/)).includes(process.env.KEY), 'the key is shown')

const ask = await runs('ask', [{ name: 'prompt', type: 3, value: 'count' }])
const answer = await says(ask, /nine ten[^]*personal key/)
check(answer.includes('one two'), answer)

await discord.stop()
console.log(`${checks} checks`)
process.exit(0)
