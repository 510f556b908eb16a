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
  atEnd = true;
  el("newest").hidden = true;
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
      button.onclick = () => { channel = c.id; atEnd = true; el("newest").hidden = true; answering(null); closeMenu(); render(); el("line").focus(); };
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
  const here = view.messages.filter((m) => m.channel === channel);
  const known = new Map([...list.children].map((node) => [node.dataset.id, node]));
  const nodes = here.map((message, at) => {
    const before = here[at - 1];
    const state = JSON.stringify([message, goesOn(message, before)]);
    const old = known.get(message.id);
    if (old && old.dataset.state === state) return old;
    const focused = old && focusIn(old);
    const node = messageNode(message, before);
    node.dataset.id = message.id;
    node.dataset.state = state;
    if (focused) queueMicrotask(() => (sameControl(node, focused) || el("line")).focus());
    return node;
  });
  if (nodes.length !== list.children.length || nodes.some((node, at) => list.children[at] !== node)) {
    const hasMore = nodes.length > list.children.length;
    list.replaceChildren(...nodes);
    if (hasMore && !atEnd) el("newest").hidden = false;
  }
  renderStart(here);
  toEnd();
}

const controls = (node) => [...node.querySelectorAll("button, select")];

// What has the focus in a message: which control it is, and what it says.
function focusIn(node) {
  const at = controls(node).indexOf(document.activeElement);
  return at >= 0 && { at, id: document.activeElement.dataset.control, words: document.activeElement.textContent };
}

// The control of a message that was drawn anew which takes the place of another.
function sameControl(node, { at, id, words }) {
  const all = controls(node);
  const same = all.find((it) => id && it.dataset.control === id);
  if (same) return same;
  // Many buttons of a panel say the same.
  if (node.querySelector(".parts")) return all[Math.min(at, all.length - 1)];
  return all.find((it) => it.textContent === words);
}

// Whoever is at the end stays there, whatever grows: an answer, a picture that
// was loaded, the message box. Whoever reads further up is told of what came.
let atEnd = true;

function toEnd() {
  const list = el("messages");
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function goToEnd() {
  atEnd = true;
  el("newest").hidden = true;
  toEnd();
}

el("messages").addEventListener("scroll", () => {
  const list = el("messages");
  atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  if (atEnd) el("newest").hidden = true;
});
// Pictures tell of themselves only while they are on their way up.
el("messages").addEventListener("load", toEnd, true);
new ResizeObserver(toEnd).observe(el("messages"));
el("newest").onclick = () => { goToEnd(); el("line").focus(); };

// ---------------------------------------------------------------- start

const SUGGESTIONS = [
  ["Ask a question", "@Latchkey what can you do?"],
  ["Add a key of your own", "/keys add provider:google scope:user"],
  ["See who pays for what", "/keys status"],
];

// Three things to click, while nothing was said here.
function renderStart(here) {
  const there = view.channels.find((c) => c.id === channel);
  const server = there && view.servers.find((s) => s.id === there.server);
  el("start").hidden = here.length > 0 || !there || (server && !server.installed);
  if (el("suggestions").childElementCount) return;
  el("suggestions").append(...SUGGESTIONS.map(([words, line]) => {
    const button = make("button", "", words);
    button.type = "button";
    button.append(make("code", "", line));
    button.onclick = () => { send(line); el("line").focus(); };
    return button;
  }));
}

// When a message was sent, which its id tells.
const sentAt = (message) => new Date(Number(BigInt(message.id) >> 22n) + 1420070400000);

// Whether a message goes on with the one before, so that neither a face nor a name
// stands beside it again.
function goesOn(message, before) {
  return !!before && !message.command && !message.answered && before.author === message.author
    && before.ephemeral === message.ephemeral && sentAt(message) - sentAt(before) < 7 * 60 * 1000;
}

const FACES = ["#5865f2", "#1a7f4b", "#a8480f", "#b3294e", "#7b3fc4", "#0b6f8f"];

function face(name) {
  const node = make("span", "avatar", name ? name[0].toUpperCase() : "");
  node.setAttribute("aria-hidden", "true");
  const sum = [...(name || "")].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 65521, 0);
  node.style.setProperty("--face", name ? FACES[1 + sum % (FACES.length - 1)] : FACES[0]);
  if (!name) node.classList.add("bot");
  return node;
}

function written(at) {
  const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return `Today at ${time}`;
  if (days === 1) return `Yesterday at ${time}`;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" }).format(at);
}

function head(message) {
  const author = make("div", "author", message.author || "Latchkey");
  if (!message.author) author.append(make("span", "tag", "APP"));
  const at = sentAt(message);
  const time = make("time", "at", written(at));
  time.dateTime = at.toISOString();
  time.title = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" }).format(at);
  author.append(time);
  return author;
}

// The addresses of spoilers that somebody has looked at.
const uncovered = new Set();

// A file whose name begins as those of spoilers do is covered until somebody
// presses on it, as Discord does: docs/discord.md §3.1.
function hidden(node, file, url) {
  if (!file.name.startsWith("SPOILER_") || uncovered.has(url)) return node;
  const covered = make("span", "covered");
  const cover = Object.assign(make("button", "cover", "Spoiler"), { type: "button" });
  cover.setAttribute("aria-label", "Spoiler: show the hidden file");
  node.inert = true;
  cover.addEventListener("click", () => {
    uncovered.add(url);
    node.inert = false;
    covered.replaceWith(node);
    node.focus();
  });
  covered.append(node, cover);
  return covered;
}

// Pictures side by side, as Discord lays them out, and other files below.
function shownFiles(message) {
  const parts = [];
  const pictures = message.files.filter((file) => file.kind.startsWith("image/"));
  const gallery = make("div", pictures.length > 1 ? "gallery" : "single");
  message.files.forEach((file, at) => {
    const url = `/demo/files/${message.id}/${at}`;
    if (pictures.includes(file)) {
      const whole = link(url, "");
      const shown = Object.assign(make("img", "file"), { src: url, alt: file.description || file.name });
      whole.append(shown);
      gallery.append(hidden(whole, file, url));
    } else {
      parts.push(hidden(Object.assign(make("a", "file"), { href: url, download: file.name, textContent: file.name, title: file.description }), file, url));
    }
  });
  return pictures.length ? [gallery, ...parts] : parts;
}

function messageNode(message, before) {
  const node = make("li", message.ephemeral ? "ephemeral" : "");
  if (goesOn(message, before)) node.classList.add("goes-on");
  else node.append(face(message.author));
  const all = make("div", "message");
  node.append(all);
  if (message.command) all.append(make("div", "command", `${message.asker} used ${message.command}`));
  if (message.answered) all.append(quoted(message.answered));
  if (!node.classList.contains("goes-on")) all.append(head(message));
  const isNewer = (message.components || []).some((component) => component.type !== 1);
  if (message.loading || !isNewer) {
    const body = make("div", "body");
    if (message.loading) body.append(make("span", "thinking", "Latchkey is thinking"));
    else renderMarkdown(body, message.content, nameOf);
    all.append(body, ...shownFiles(message));
  }
  const parts = make("div", isNewer ? "parts" : "");
  parts.append(...(message.components || []).map((component) => componentNode(message, component)));
  if (parts.childElementCount) all.append(parts);
  if (message.ephemeral) all.append(make("div", "whisper", "Only you can see this"));
  else if (!message.loading) all.append(tools(message));
  return node;
}

// The message that another answers, in one line: its words as they are shown,
// with nothing to press in them, and spoilers still hidden.
const QUOTED_MAX = 80;

function quoted({ author, content }) {
  const shown = make("div");
  renderMarkdown(shown, content, nameOf);
  shown.querySelectorAll("button.spoiler").forEach((it) => it.replaceWith("▮▮▮"));
  const words = [...shown.textContent.replace(/\s+/g, " ").trim()];
  const start = words.slice(0, QUOTED_MAX).join("");
  return make("div", "command", `↪ ${author}: ${start}${words.length > QUOTED_MAX ? "…" : ""}`);
}

// A component of a message, with what stands in it.
function componentNode(message, component) {
  const inside = () => (component.components || []).map((part) => componentNode(message, part));
  switch (component.type) {
    case 1: return filled("buttons", inside());
    case 2: return buttonNode(message, component);
    case 3: return menuOf(component.placeholder || "Choose", component.options,
      (value) => call("pick", { message: message.id, custom_id: component.custom_id, line: value }), component.custom_id);
    case 9: return filled("section", [filled("words", inside()), componentNode(message, component.accessory)]);
    case 10: {
      const body = make("div", "body");
      renderMarkdown(body, component.content, nameOf);
      return body;
    }
    case 11: return picture(component);
    case 12: return filled("gallery", component.items.map(picture));
    case 13: return make("div", "file", component.file.url.replace("attachment://", ""));
    case 14: return make(component.divider === false ? "div" : "hr", component.spacing === 2 ? "wide" : "");
    case 17: {
      const box = filled("container", inside());
      if (component.accent_color) box.style.setProperty("--edge", `#${component.accent_color.toString(16).padStart(6, "0")}`);
      return box;
    }
    default: return make("div", "", "");
  }
}

function filled(className, parts) {
  const node = make("div", className);
  node.append(...parts);
  return node;
}

function buttonNode(message, { style, label, custom_id, url, disabled }) {
  const button = make("button", { 1: "primary", 3: "success", 4: "danger" }[style] || "", label);
  button.type = "button";
  button.disabled = !!disabled;
  button.dataset.control = custom_id || url;
  button.onclick = () => url ? open(url, "_blank", "noopener") : call("press", { message: message.id, custom_id });
  return button;
}

// A picture that a component names; the demo has no pages of others to fetch it from.
const picture = ({ media, description }) => make("div", "file", description || media.url);

// A menu of which one line is taken at once.
function menuOf(label, options, take, id) {
  const menu = make("select");
  if (id) menu.dataset.control = id;
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

// What somebody, a role or a channel is called, by the kind of mention.
function nameOf(kind, id) {
  if (id === view.bot) return "Latchkey";
  const all = { "@": view.people, "@&": view.roles, "#": view.channels }[kind];
  return (all.find((one) => one.id === id) || { name: kind === "#" ? "unknown" : "someone" }).name.replace(/^@/, "");
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
  el("modal-problem").textContent = "";
  el("modal-fields").replaceChildren(...form.components.flatMap((row) => fieldParts(row.components ? row.components[0] : row)));
  if (!dialog.open) dialog.showModal();
  const fields = formFields();
  const empty = fields.find((field) => field.required && !field.value && field.type !== "checkbox");
  (empty || fields[0] || el("modal-submit")).focus();
}

const formFields = () => [...el("modal-fields").querySelectorAll("[name]")];

// A field of a form below its label, and what is said of it.
function fieldParts(input) {
  if (input.type === 10) {
    const body = make("div", "body");
    renderMarkdown(body, input.content, nameOf);
    return [body];
  }
  const field = fieldNode(input);
  const label = make("label", "", input.label + (input.required ? "" : " (optional)"));
  label.htmlFor = field.id = "field-" + input.custom_id;
  field.name = input.custom_id;
  if (!input.description) return [label, field];
  const note = make("small", "", input.description);
  field.setAttribute("aria-describedby", note.id = field.id + "-note");
  return [label, note, field];
}

function fieldNode(input) {
  switch (input.type) {
    case 3: case 21: case 22: return chooser(input);
    case 19: {
      const files = Object.assign(make("input"), { type: "file", required: input.required });
      files.multiple = (input.max_values || 1) > 1;
      files.accept = (input.file_types || []).join();
      return files;
    }
    case 23: return Object.assign(make("input"), { type: "checkbox", checked: !!input.default });
    default: {
      const field = make(input.style === 2 ? "textarea" : "input");
      field.value = input.value || "";
      field.placeholder = input.placeholder || "";
      field.required = input.required;
      field.maxLength = input.max_length || 4000;
      return field;
    }
  }
}

// A menu that stands in a form, of which one line is chosen or several are.
function chooser(input) {
  const menu = make("select");
  const many = input.type === 22 ? input.max_values !== 1 : (input.max_values || 1) > 1;
  menu.multiple = many;
  menu.required = input.required;
  // What need not be chosen can be left out again.
  if (!many && (!input.required || !input.options.some((o) => o.default))) menu.append(new Option(input.placeholder || "Choose", ""));
  menu.append(...input.options.map((o) => new Option(o.label, o.value, o.default, o.default)));
  return menu;
}

// What was typed and chosen in a field; files go ahead, and it names them.
async function filledIn(field) {
  if (field.type === "checkbox") return [field.name, String(field.checked)];
  if (field.multiple && field.type !== "file") return [field.name, [...field.selectedOptions].map((o) => o.value).join()];
  if (field.type !== "file") return [field.name, field.value];
  const kept = [];
  for (const file of await Promise.all([...field.files].map(readFile))) {
    const sent = await call("upload", { files: [file] });
    if (!sent) return null;
    kept.push(sent.id);
  }
  return [field.name, kept.join()];
}

el("modal-form").onsubmit = async (event) => {
  event.preventDefault();
  const large = formFields().flatMap((field) => [...(field.files || [])]).find((file) => file.size > FILE_BYTES_MAX);
  if (large) {
    el("modal-problem").textContent = `${large.name} is larger than 10 MB, which Discord does not take.`;
    return;
  }
  const typed = [];
  for (const field of formFields()) {
    const filled = await filledIn(field);
    if (!filled) { el("modal-problem").textContent = el("problem").textContent; return; }
    typed.push(filled);
  }
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

// Sends a message or runs a command; whether it went.
async function send(line, files = []) {
  goToEnd();
  if (!line.startsWith("/")) return call("say", { line, files, message: replyTo || "" });
  if (!files.length) return call("run", { line });
  // A command's file goes ahead, and its option names it.
  const paths = view.commands.filter((c) => c.type !== 3).flatMap((command) => leaves(command, "/" + command.name));
  const at = paths.filter((p) => line === p.path || line.startsWith(p.path + " ")).pop();
  const option = at && (at.options || []).find((o) => o.type === 11);
  if (!option || files.length > 1) {
    el("problem").textContent = option ? "This command takes one file. Remove the others." : "This command takes no file. Remove it, or write a message that mentions the bot.";
    return null;
  }
  const kept = await call("upload", { files });
  return kept && call("run", { line: `${line.replace(new RegExp(` ${option.name}:\\s*$`), "")} ${option.name}:${kept.id}` });
}

let sending = false;

el("composer").onsubmit = async (event) => {
  event.preventDefault();
  const line = el("line").value.trim();
  if (sending || (!line && !chosenFiles.length)) return;
  sending = true;
  const sent = await send(line, chosenFiles.map(({ name, data }) => ({ name, data })));
  sending = false;
  if (!sent) return;
  answering(null);
  choose([]);
  if (line) history.push(line);
  historyAt = history.length;
  el("line").value = "";
  closeHints();
  goToEnd();
};

// ---------------------------------------------------------------- files

// As many and as large as Discord's client takes without Nitro.
const FILES_MAX = 10;
const FILE_BYTES_MAX = 10 * 1024 * 1024;
let chosenFiles = [];

function choose(files) {
  chosenFiles = files;
  el("chosen").hidden = !files.length;
  el("chosen").replaceChildren(...files.map((file) => {
    const item = make("li", "", file.name);
    const remove = make("button", "", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.onclick = () => { choose(chosenFiles.filter((it) => it !== file)); el("line").focus(); };
    item.append(remove);
    return item;
  }));
}

function readFile(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done({ name: file.name || "pasted.png", data: reader.result.slice(reader.result.indexOf(",") + 1) });
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });
}

async function addFiles(list) {
  const files = [...list];
  const large = files.find((file) => file.size > FILE_BYTES_MAX);
  if (large || chosenFiles.length + files.length > FILES_MAX) {
    el("problem").textContent = large ? `${large.name} is larger than 10 MB, which Discord does not take.` : "Discord takes 10 files with a message.";
    return;
  }
  try {
    const read = await Promise.all(files.map(readFile));
    el("problem").textContent = "";
    choose([...chosenFiles, ...read]);
  } catch {
    el("problem").textContent = "A file could not be read. Folders can't be sent.";
  }
  el("line").focus();
}

el("attach").onclick = () => el("files").click();
el("files").onchange = () => { addFiles(el("files").files); el("files").value = ""; };
el("line").addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  addFiles(event.clipboardData.files);
});
const place = document.querySelector("main");
const brings = (event) => [...event.dataTransfer.types].includes("Files");
for (const kind of ["dragenter", "dragover"]) {
  place.addEventListener(kind, (event) => { if (brings(event)) { event.preventDefault(); place.classList.add("dropping"); } });
}
place.addEventListener("dragleave", (event) => { if (!place.contains(event.relatedTarget)) place.classList.remove("dropping"); });
place.addEventListener("drop", (event) => {
  place.classList.remove("dropping");
  if (!brings(event)) return;
  event.preventDefault();
  addFiles(event.dataTransfer.files);
});

// ----------------------------------------------------------------- rest

function closeMenu() {
  el("side").classList.remove("open");
  el("menu").setAttribute("aria-expanded", false);
}

const isNarrow = () => matchMedia("(max-width: 720px)").matches;

// On a narrow page the menu and the panels lie above everything else: Escape
// closes them, and so does a tap beside them.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || openModal) return;
  if (el("side").classList.contains("open")) {
    closeMenu();
    el("menu").focus();
    return;
  }
  const panel = panels.find((panel) => !el(panel).hidden && (isNarrow() || el(panel).contains(document.activeElement)));
  if (!panel) return;
  setOpen(panel, false);
  el(`${panel}-button`).focus();
});
document.addEventListener("pointerdown", (event) => {
  const isIn = (...ids) => ids.some((id) => el(id).contains(event.target));
  if (el("side").classList.contains("open") && !isIn("side", "menu")) closeMenu();
  const open = panels.filter((panel) => isNarrow() && !el(panel).hidden);
  open.filter((panel) => !isIn(panel, `${panel}-button`)).forEach((panel) => setOpen(panel, false));
});

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
