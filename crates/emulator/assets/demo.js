// The demo's chat client. It knows the emulated Discord only: what a person
// does is sent there, and what they can see comes back after each change.
"use strict";

const el = (id) => document.getElementById(id);
const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

let view = null;
let person = null;
let channel = null;
let events = null;
let openModal = null;
let replyTo = null;
let hints = [];
let chosen = -1;
let hintTurn = 0;
const history = [];
let historyAt = 0;

// ---------------------------------------------------------------- calls

async function call(path, body) {
  const response = await fetch("/demo/" + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ person, channel, ...body }),
  });
  const answer = await response.json();
  // Completion goes on in the background, and says nothing of its own.
  if (path !== "complete") el("problem").textContent = response.ok ? "" : answer.problem;
  return response.ok ? answer : null;
}

function listen() {
  if (events) events.close();
  events = new EventSource("/demo/events?person=" + (person || 0));
  events.onmessage = (event) => {
    view = JSON.parse(event.data);
    if (!person && view.people.length) return be(view.people[0].id);
    render();
  };
}

function be(id) {
  person = id;
  channel = null;
  listen();
}

// --------------------------------------------------------------- render

function render() {
  renderPeople();
  if (!view.channels.some((c) => c.id === channel)) {
    const first = view.channels.find((c) => c.server) || view.channels[0];
    channel = first && first.id;
  }
  el("starting").hidden = view.ready;
  renderChannels();
  renderMessages();
  renderModal();
  renderPermits();
}

// What the bot may do in this channel, for who can change it.
function renderPermits() {
  const here = view.channels.find((c) => c.id === channel);
  const permits = (here && here.permits) || [];
  el("permits-button").hidden = !permits.length;
  if (!permits.length) setOpen("permits", false);
  const list = el("permit-list");
  if (list.childElementCount !== permits.length) {
    list.replaceChildren(...permits.map((permit) => {
      const label = make("label");
      const box = make("input");
      box.type = "checkbox";
      box.name = permit.name;
      box.onchange = () => call("permit", { line: permit.name, option: box.checked ? "allow" : "deny" });
      label.append(box, permit.name);
      return label;
    }));
  }
  // What has the focus stays where it is.
  permits.forEach((permit, at) => { list.children[at].firstChild.checked = permit.allowed; });
}

function renderPeople() {
  const select = el("person");
  if (select.childElementCount === view.people.length) return;
  select.replaceChildren(...view.people.map((p) => {
    const option = make("option", "", `${p.name} (${p.role})`);
    option.value = p.id;
    option.selected = p.id === person;
    return option;
  }));
}

function renderChannels() {
  const parts = [];
  const add = (title, channels) => {
    if (!channels.length) return;
    parts.push(make("h3", "", title));
    for (const c of channels) {
      const button = make("button", "", (c.server ? "# " : "@ ") + (c.server ? c.name : "Latchkey"));
      button.type = "button";
      button.dataset.channel = c.id;
      button.setAttribute("aria-current", c.id === channel);
      button.onclick = () => { channel = c.id; answering(null); closeMenu(); render(); el("line").focus(); };
      parts.push(button);
    }
  };
  for (const server of view.servers) {
    add(server.installed ? server.name : `${server.name} (bot not added)`,
      view.channels.filter((c) => c.server === server.id));
  }
  add("Direct message", view.channels.filter((c) => !c.server));
  const list = el("channels");
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.channel;
  list.replaceChildren(...parts);
  if (focused) list.querySelector(`[data-channel="${focused}"]`)?.focus();
  const here = view.channels.find((c) => c.id === channel);
  const server = here && view.servers.find((s) => s.id === here.server);
  el("channel-name").textContent = here ? (here.server ? "# " + here.name : "@ Latchkey") : "";
  el("channel-note").textContent = server ? server.name + (server.installed ? "" : " · this server has not added the bot") : "only you and the bot";
}

function renderMessages() {
  const list = el("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const here = view.messages.filter((m) => m.channel === channel);
  const known = new Map([...list.children].map((node) => [node.dataset.id, node]));
  const nodes = here.map((message) => {
    const state = JSON.stringify(message);
    const old = known.get(message.id);
    if (old && old.dataset.state === state) return old;
    const focused = old && old.contains(document.activeElement) && document.activeElement.textContent;
    const node = messageNode(message);
    node.dataset.id = message.id;
    node.dataset.state = state;
    if (focused) queueMicrotask(() => ([...node.querySelectorAll("button")].find((b) => b.textContent === focused) || el("line")).focus());
    return node;
  });
  if (nodes.length !== list.children.length || nodes.some((node, at) => list.children[at] !== node)) {
    list.replaceChildren(...nodes);
  }
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function messageNode(message) {
  const node = make("li", message.ephemeral ? "ephemeral" : "");
  if (message.command) node.append(make("div", "command", `${message.asker} used ${message.command}`));
  const author = make("div", "author", message.author || "Latchkey");
  if (!message.author) author.append(make("span", "tag", "APP"));
  if (message.answered) node.append(make("div", "command", `↪ ${message.answered.author}: ${message.answered.content}`));
  node.append(author);
  const body = make("div", "body");
  if (message.loading) body.append(make("span", "thinking", "Latchkey is thinking"));
  else markdown(body, message.content);
  node.append(body);
  const buttons = (message.components[0] && message.components[0].components) || [];
  message.files.forEach((file, at) => {
    const url = `/demo/files/${message.id}/${at}`;
    const shown = make(file.kind.startsWith("image/") ? "img" : "a", "file", "");
    if (shown.tagName === "IMG") Object.assign(shown, { src: url, alt: file.description });
    else Object.assign(shown, { href: url, download: file.name, textContent: file.name, title: file.description });
    node.append(shown);
  });
  if (buttons.length) {
    const row = make("div", "buttons");
    for (const b of buttons) {
      if (b.options) {
        row.append(menuOf(b.placeholder, b.options, (value) => call("pick", { message: message.id, custom_id: b.custom_id, line: value })));
        continue;
      }
      const button = make("button", { 1: "primary", 4: "danger" }[b.style] || "", b.label);
      button.type = "button";
      button.onclick = () => call("press", { message: message.id, custom_id: b.custom_id });
      row.append(button);
    }
    node.append(row);
  }
  if (message.ephemeral) node.append(make("div", "whisper", "Only you can see this"));
  else if (!message.loading) node.append(tools(message));
  return node;
}

// A menu of which one line is taken at once.
function menuOf(label, options, take) {
  const menu = make("select");
  menu.setAttribute("aria-label", label);
  menu.append(new Option(label, ""), ...options.map((o) => new Option(o.label, o.value)));
  menu.onchange = () => { if (menu.value) take(menu.value); menu.value = ""; };
  return menu;
}

// What can be done with a message; Discord has it behind a right-click.
function tools(message) {
  const row = make("div", "tools");
  const reply = make("button", "", "Reply");
  reply.type = "button";
  reply.onclick = () => { answering(message); el("line").focus(); };
  const apps = view.commands.filter((c) => c.type === 3).map((c) => ({ label: c.name, value: c.name }));
  row.append(reply, menuOf("Apps", apps, (name) => call("right-click", { message: message.id, line: name })));
  return row;
}

function answering(message) {
  replyTo = message && message.id;
  el("replying").hidden = !message;
  if (message) el("replying-to").textContent = `Replying to ${message.author || "Latchkey"}`;
}

// Discord's Markdown, as much of it as answers use. Text goes in as text.
function markdown(into, text) {
  const fences = text.split(/```(?:([a-z0-9+#-]*)\n)?/);
  for (let at = 0; at < fences.length; at += 2) {
    if ((at / 2) % 2 === 1) {
      const pre = make("pre");
      pre.append(make("code", "", fences[at].replace(/\n$/, "")));
      into.append(pre);
    } else {
      inline(into, fences[at].replace(/^\n|\n$/g, ""));
    }
  }
}

function inline(into, text) {
  text.split("\n").forEach((line, at) => {
    const small = line.startsWith("-# ");
    const target = small ? make("span", "small") : into;
    if (at > 0 && !small) into.append("\n");
    const pattern = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*]+\*)|<(https?:[^>]+)>|<t:(\d+):([Rf])>|<@(&?\d+)>/g;
    let last = 0;
    const rest = small ? line.slice(3) : line;
    for (const found of rest.matchAll(pattern)) {
      target.append(rest.slice(last, found.index));
      last = found.index + found[0].length;
      if (found[1]) target.append(make("code", "", found[1].slice(1, -1)));
      else if (found[2]) target.append(make("strong", "", found[2].slice(2, -2)));
      else if (found[3]) target.append(make("em", "", found[3].slice(1, -1)));
      else if (found[4]) {
        const link = make("a", "", found[4]);
        link.href = found[4];
        link.rel = "noreferrer";
        link.target = "_blank";
        target.append(link);
      } else if (found[6] === "f") target.append(new Date(found[5] * 1000).toLocaleString());
      else if (found[5]) target.append(ago(Number(found[5])));
      else target.append("@" + nameOf(found[7]));
    }
    target.append(rest.slice(last));
    if (small) into.append(target);
  });
}

// Somebody's, or a role's, whose id begins with an ampersand.
function nameOf(id) {
  if (id === view.bot) return "Latchkey";
  const all = id.startsWith("&") ? view.roles : view.people;
  return (all.find((one) => one.id === id.replace("&", "")) || { name: "someone" }).name.replace(/^@/, "");
}

function ago(seconds) {
  const left = seconds - Date.now() / 1000;
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]]
    .find(([, length]) => Math.abs(left) >= length) || ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(left / length), unit);
}

function renderModal() {
  const dialog = el("modal");
  if (!view.modal) {
    if (openModal) { openModal = null; dialog.close(); el("line").focus(); }
    return;
  }
  if (openModal && openModal.interaction === view.modal.interaction) return;
  openModal = view.modal;
  const form = openModal.form;
  el("modal-title").textContent = form.title;
  el("modal-fields").replaceChildren(...form.components.flatMap((row) => {
    const input = row.components[0];
    const label = make("label", "", input.label + (input.required ? "" : " (optional)"));
    const field = make(input.style === 2 ? "textarea" : "input");
    field.value = input.value || "";
    label.htmlFor = field.id = "field-" + input.custom_id;
    field.name = input.custom_id;
    field.placeholder = input.placeholder || "";
    field.required = input.required;
    field.maxLength = input.max_length || 4000;
    return [label, field];
  }));
  if (!dialog.open) dialog.showModal();
  const fields = [...dialog.querySelectorAll("input, textarea")];
  (fields.find((field) => !field.value) || fields[0]).focus();
}

el("modal-form").onsubmit = async (event) => {
  event.preventDefault();
  const typed = [...el("modal-fields").querySelectorAll("input, textarea")].map((i) => [i.name, i.value]);
  await call("submit", { channel: openModal.channel, custom_id: openModal.form.custom_id, typed });
};
const cancel = () => openModal && call("dismiss", { message: openModal.interaction });
el("modal-cancel").onclick = cancel;
el("modal").addEventListener("cancel", (event) => { event.preventDefault(); cancel(); });

// ------------------------------------------------------------- commands

// What can be typed next: a command, an option, or a value.
async function findHints(line) {
  if (!line.startsWith("/") || !view) return [];
  const paths = view.commands.filter((c) => c.type !== 3).flatMap((command) => leaves(command, "/" + command.name));
  const at = paths.filter((p) => line === p.path || line.startsWith(p.path + " ")).pop();
  if (!at) return paths.filter((p) => p.path.startsWith(line)).map((p) => ({ label: p.path, note: p.description, line: p.path + " " }));
  const options = at.options || [];
  const padded = line.slice(at.path.length);
  const used = options.filter((o) => padded.includes(` ${o.name}:`));
  const current = used.map((o) => ({ o, at: padded.lastIndexOf(` ${o.name}:`) })).sort((a, b) => b.at - a.at)[0];
  const typed = current ? padded.slice(current.at + current.o.name.length + 2) : padded.trim();
  if (current && current.o.choices && current.o.choices.length) {
    const fitting = current.o.choices.filter((c) => c.name.startsWith(typed.trim()) && c.name !== typed.trim());
    if (fitting.length) return fitting.map((c) => ({ label: c.name, note: current.o.description, line: replaceValue(line, typed, c.name) }));
  }
  if (current && current.o.autocomplete && !typed.endsWith(" ")) {
    const choices = await call("complete", { line, option: current.o.name });
    const fitting = (choices || []).filter((c) => c.value !== typed.trim());
    if (fitting.length) return fitting.map((c) => ({ label: c.name, note: c.value, line: replaceValue(line, typed, c.value) }));
  }
  const word = line.split(" ").pop();
  return options.filter((o) => !used.includes(o) && o.name.startsWith(word.includes(":") ? "" : word))
    .filter(() => !current || line.endsWith(" ") || !word.includes(":"))
    .map((o) => ({ label: o.name + ":", note: o.description + (o.required ? "" : " (optional)"), line: line.slice(0, line.length - (word.includes(":") ? 0 : word.length)) + o.name + ":" }));
}

function leaves(command, path) {
  const subs = (command.options || []).filter((o) => o.type === 1 || o.type === 2);
  if (!subs.length) return [{ path, description: command.description, options: command.options }];
  return subs.flatMap((sub) => leaves(sub, path + " " + sub.name));
}

const replaceValue = (line, typed, value) => line.slice(0, line.length - typed.length) + value + " ";

async function updateHints() {
  const turn = ++hintTurn;
  const found = await findHints(el("line").value);
  if (turn !== hintTurn) return;
  hints = found;
  chosen = -1;
  renderHints();
}

// What is still being looked up comes too late to be shown.
function closeHints() {
  hintTurn += 1;
  hints = [];
  chosen = -1;
  renderHints();
}

function renderHints() {
  const list = el("hints");
  list.replaceChildren(...hints.map((hint, at) => {
    const item = make("li", "", hint.label);
    item.id = "hint-" + at;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", at === chosen);
    item.append(make("small", "", hint.note || ""));
    item.onmousedown = (event) => { event.preventDefault(); take(at); };
    return item;
  }));
  list.hidden = !hints.length;
  el("line").setAttribute("aria-expanded", hints.length > 0);
  el("line").setAttribute("aria-activedescendant", chosen >= 0 ? "hint-" + chosen : "");
  if (chosen >= 0) el("hint-" + chosen).scrollIntoView({ block: "nearest" });
}

function take(at) {
  el("line").value = hints[at].line;
  el("line").focus();
  updateHints();
}

el("line").oninput = updateHints;
el("line").onkeydown = (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && hints.length) {
    event.preventDefault();
    chosen = (chosen + step + hints.length) % hints.length;
    renderHints();
  } else if (step && history.length) {
    event.preventDefault();
    historyAt = Math.max(0, Math.min(history.length, historyAt + step));
    el("line").value = history[historyAt] || "";
  } else if (event.key === "Tab" && !event.shiftKey && hints.length) {
    event.preventDefault();
    take(Math.max(chosen, 0));
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(chosen);
  } else if (event.key === "Escape") {
    if (!hints.length) answering(null);
    closeHints();
  }
};

el("composer").onsubmit = async (event) => {
  event.preventDefault();
  const line = el("line").value.trim();
  if (!line) return;
  const sent = await call(line.startsWith("/") ? "run" : "say", { line, message: replyTo || "" });
  if (!sent) return;
  answering(null);
  history.push(line);
  historyAt = history.length;
  el("line").value = "";
  closeHints();
  el("messages").scrollTop = el("messages").scrollHeight;
};

// ----------------------------------------------------------------- rest

function closeMenu() {
  el("side").classList.remove("open");
  el("menu").setAttribute("aria-expanded", false);
}

el("menu").onclick = () => {
  const open = el("side").classList.toggle("open");
  el("menu").setAttribute("aria-expanded", open);
  if (open) el("person").focus();
};

el("replying-cancel").onclick = () => { answering(null); el("line").focus(); };

el("person").onchange = () => { be(el("person").value); closeMenu(); };

const panels = ["keys", "permits"];

function setOpen(panel, open) {
  el(panel).hidden = !open;
  el(`${panel}-button`).setAttribute("aria-expanded", open);
}

// Opens a panel or closes it, as somebody asked for.
function show(panel, open) {
  setOpen(panel, open);
  if (open) closeMenu();
  (open ? el(`${panel}-close`) : el("line")).focus();
}

for (const panel of panels) {
  el(`${panel}-button`).onclick = () => show(panel, el(panel).hidden);
  el(`${panel}-close`).onclick = () => show(panel, false);
}

matchMedia("(max-width: 720px)").onchange = (narrow) => {
  if (narrow.matches) panels.forEach((panel) => setOpen(panel, false));
};

async function loadKeys() {
  const rows = await (await fetch("/demo/keys")).json();
  el("key-list").replaceChildren(...rows.flatMap((row) => [
    make("h3", "", row.provider),
    ...row.keys.map((k) => {
      const button = make("button", "key");
      button.type = "button";
      button.append(make("b", "", k.word), k.key);
      button.onclick = () => {
        navigator.clipboard?.writeText(k.key);
        button.firstChild.textContent = "copied";
        setTimeout(() => { button.firstChild.textContent = k.word; }, 1500);
      };
      return button;
    }),
  ]));
}

if (innerWidth > 1100) setOpen("keys", true);
loadKeys();
listen();
