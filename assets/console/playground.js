// The playground: sends questions, and shows answers while they come. The
// conversation lives in `rounds` and nowhere else. What models say is text:
// nothing of it is ever read as HTML.
"use strict";

const form = document.getElementById("playground");
const fields = form.elements;
const talk = document.getElementById("talk");
const question = document.getElementById("ask");
const fileField = document.getElementById("file");
const fileList = document.getElementById("files");
const transcript = document.getElementById("transcript");
const isVisitor = !fields.once;
const KIND = "application/x-ndjson";
const SPANS_MAX = 2000;
const COLUMNS_MAX = 50;
// How often, and how many ms apart, the receipt of what was stopped is asked for.
const RECEIPT_TRIES = 6;
const RECEIPT_WAIT = 400;

// Each round: what was asked, what the model was told, files, and answers.
const rounds = JSON.parse(fields.kept_talk.value || "[]");
for (const round of rounds) round.files = [];
let attached = [];
transcript.hidden = rounds.length === 0;

/* Whoever is at the end of the conversation stays there, whatever grows. Whoever
   reads further up is left alone until they ask again. ------------------ */

const stack = talk.closest(".stack");
const NEAR_END = 40;
const ROOM_BELOW = 12;
let isAtEnd = false;
let lastPlace = scrollY;

// How many pixels below the window the message box ends.
function leftBelow() {
  return stack.getBoundingClientRect().bottom + ROOM_BELOW - innerHeight;
}

function goToEnd() {
  isAtEnd = true;
  scrollBy({ top: leftBelow(), behavior: "instant" });
  lastPlace = scrollY;
}

addEventListener("scroll", () => {
  if (leftBelow() < NEAR_END) isAtEnd = rounds.length > 0;
  else if (scrollY < lastPlace) isAtEnd = false;
  lastPlace = scrollY;
}, { passive: true });
// Somebody who went up a moment ago is told of by a scroll event that is yet to
// come.
new ResizeObserver(() => {
  const wentUp = lastPlace - scrollY > NEAR_END;
  if (isAtEnd && !wentUp && leftBelow() > 0) goToEnd();
}).observe(stack);

function make(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

function icon(name, size = "icon s") {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  picture.setAttribute("class", size);
  picture.setAttribute("viewBox", "0 0 18 18");
  picture.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  picture.append(use);
  return picture;
}

function badge(look, hint) {
  if (!look) return make("span", "pays", icon("minus"), "nobody");
  return make("span", `pays ${look.class}`, icon(look.icon), look.words + (hint ? ` …${hint}` : ""));
}

function button(name, words, press, isBare) {
  const made = make("button", isBare ? "btn plain s" : "btn s", icon(name));
  made.type = "button";
  made.append(isBare ? make("span", "hidden", words) : words);
  made.addEventListener("click", press);
  return made;
}

/* Text: the same forms as the server shows without script ---------------- */

function isLink(address) {
  return /^https:\/\/[\p{L}\p{N}][^\s\p{Cc}<>"'`\\]*$/u.test(address);
}

function link(words, address) {
  const made = make("a", "", words);
  made.href = address;
  made.rel = "noreferrer noopener nofollow";
  made.target = "_blank";
  return made;
}

const SPAN = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^[\]]+)\]\(([^()\s]+)\)|(?<![\p{L}\p{N}])(https:\/\/[^\s<>"'`]+)/gu;

function showLine(place, line) {
  if (line.length > SPANS_MAX) return place.append(line);
  let from = 0;
  for (const found of line.matchAll(SPAN)) {
    const [all, code, strong, words, target, bare] = found;
    let made = null;
    if (code) made = make("code", "", code);
    else if (strong) made = make("strong", "", strong);
    else if (words && isLink(target)) made = link(words, target);
    else if (bare) {
      const address = bare.replace(/[.,;:!?)\]]+$/, "");
      if (isLink(address)) made = link(address, address);
    }
    if (!made) continue;
    place.append(line.slice(from, found.index), made);
    from = found.index + (bare ? made.textContent.length : all.length);
  }
  place.append(line.slice(from));
}

// The cells of a line: a bar behind a backslash is a part of its cell.
function cellsOf(line) {
  const bare = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

// How the columns of a table stand that these two lines begin; nothing where
// they begin none.
function columnsOf(head, below) {
  if (!head.includes("|") || !below.includes("|")) return null;
  const cells = cellsOf(below);
  const isTable = cells.every((cell) => /^:?-+:?$/.test(cell)) && cells.length <= COLUMNS_MAX;
  if (!isTable || cells.length !== cellsOf(head).length) return null;
  return cells.map((cell) => {
    if (!cell.endsWith(":")) return "";
    return cell.startsWith(":") ? "middle" : "end";
  });
}

function showTable(columns, [head, ...rows]) {
  const row = (tag, line) => {
    const cells = cellsOf(line);
    return make("tr", "", ...cells.slice(0, columns.length).map((text, at) => {
      const cell = make(tag, columns[at]);
      if (tag === "th") cell.scope = "col";
      showLine(cell, text);
      return cell;
    }));
  };
  const body = make("tbody", "", ...rows.map((line) => row("td", line)));
  const place = make("div", "grid", make("table", "", make("thead", "", row("th", head)), body));
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Table");
  place.tabIndex = 0;
  return place;
}

function readBlocks(text) {
  const blocks = [];
  let open = null;
  let fence = null;
  const all = text.split(/\r?\n/);
  for (let at = 0; at < all.length; at += 1) {
    const line = all[at];
    if (fence) {
      if (line.trim().startsWith(fence)) fence = null;
      else blocks.at(-1).lines.push(line);
      continue;
    }
    const begins = /^\s*(```|~~~)/.exec(line);
    const item = /^\s*(?:[-*•]|(\d{1,3})[.)]) (.*)$/.exec(line);
    const heading = /^#{1,6} +(\S.*)$/.exec(line);
    if (begins) {
      [, fence] = begins;
      blocks.push({ kind: "code", lines: [] });
      open = null;
    } else if (line.trim() === "") {
      open = null;
    } else if (item) {
      const kind = item[1] ? "ol" : "ul";
      if (open?.kind !== kind) blocks.push((open = { kind, first: item[1], lines: [] }));
      open.lines.push(item[2].trim());
    } else if (heading) {
      blocks.push((open = { kind: "heading", lines: [heading[1].trim()] }));
    } else if (open?.kind === "table") {
      open.lines.push(line);
    } else if (columnsOf(line, all[at + 1] ?? "")) {
      blocks.push((open = { kind: "table", columns: columnsOf(line, all[at + 1]), lines: [line] }));
      at += 1;
    } else {
      if (open?.kind !== "p") blocks.push((open = { kind: "p", lines: [] }));
      open.lines.push(line);
    }
  }
  return blocks;
}

function showText(place, text) {
  const made = readBlocks(text).map(({ kind, first, columns, lines }) => {
    if (kind === "table") return showTable(columns, lines);
    if (kind === "code") {
      const pre = make("pre", "", make("code", "", lines.join("\n")));
      pre.tabIndex = 0;
      return make("div", "code", pre);
    }
    if (kind === "heading") {
      const strong = make("strong");
      showLine(strong, lines[0]);
      return make("p", "", strong);
    }
    if (kind === "p") {
      const paragraph = make("p");
      lines.forEach((line, at) => {
        if (at > 0) paragraph.append(make("br"));
        showLine(paragraph, line);
      });
      return paragraph;
    }
    const list = make(kind);
    if (first) list.start = Number(first);
    for (const line of lines) {
      const item = make("li");
      showLine(item, line);
      list.append(item);
    }
    return list;
  });
  place.replaceChildren(...made);
}

/* One answer ------------------------------------------------------------- */

// What is said where something in between answers in the service's place.
function describeStranger(status) {
  return {
    title: "The answer did not come",
    words: `The service answered with ${status}. Try again.`,
    ways: [],
  };
}

class Reply {
  constructor(round, column, model) {
    Object.assign(this, { round, column, asked: model, text: "", model: "", provider: "" });
    this.receipt = null;
    this.name = make("header");
    this.said = make("div", "said");
    this.foot = make("footer", "receipt");
    this.article = make("article", "reply", this.name, this.said, this.foot);
    this.article.setAttribute("aria-live", "off");
  }

  // What goes along with the next question.
  kept() {
    const { model, provider, text, receipt } = this;
    return receipt ? { model, provider, text, receipt } : { model, provider, text };
  }

  async run(key) {
    this.stop = new AbortController();
    this.text = "";
    this.receipt = this.attempt = null;
    this.isOver = false;
    this.said.replaceChildren();
    this.article.setAttribute("aria-busy", "true");
    this.showFoot("Waiting");
    try {
      const answer = await fetch("/playground/ask", {
        method: "POST",
        body: writeQuestion(this, key),
        headers: { Accept: KIND },
        signal: this.stop.signal,
      });
      if (answer.headers.get("Content-Type") !== KIND) {
        this.fail(describeStranger(answer.status));
        return;
      }
      await this.read(answer.body.getReader());
      if (!this.isOver) throw new TypeError();
    } catch (fault) {
      if (fault.name === "AbortError") {
        this.end("Stopped. What came until then was paid for.");
        this.findReceipt(this.attempt);
      } else this.fail({
        title: "The answer did not come",
        words: "The connection broke. Press Again.",
        ways: [],
      });
    } finally {
      this.article.removeAttribute("aria-busy");
      showBusy();
    }
  }

  async read(reader) {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const lines = rest.split("\n");
      rest = lines.pop();
      for (const line of lines) if (line) this.take(JSON.parse(line));
      if (done) return;
    }
  }

  take(event) {
    if (event.kind === "told") this.round.told = event.text;
    else if (event.kind === "payer") {
      this.model = event.model;
      this.text = "";
      this.look = event.look;
      this.attempt = event.attempt;
      this.showName();
    } else if (event.kind === "words") this.text += event.text;
    else if (event.kind === "taken_back") this.text = "";
    else if (event.kind === "stage") this.stage = event.words;
    else if (event.kind === "charged") this.receipt = event.receipt;
    else if (event.kind === "done") return this.finish(event);
    else if (event.kind === "trouble") return this.fail(event);
    this.showSoon();
  }

  // Words come faster than anybody sees them.
  showSoon() {
    this.isDue ??= requestAnimationFrame(() => {
      this.isDue = null;
      if (this.isOver) return;
      showText(this.said, this.text);
      const cursor = make("span", "cursor");
      cursor.setAttribute("aria-hidden", "true");
      (this.said.lastElementChild ?? this.said).append(cursor);
      this.showFoot(this.stage ?? (this.text ? "Writing" : "Waiting"));
    });
  }

  showName() {
    this.name.replaceChildren(this.model, " ", make("span", "sub", this.provider));
  }

  showFoot(words) {
    if (this.footWords === words) return;
    this.footWords = words;
    const acts = make("span", "acts", button("stop", "Stop", () => this.stop.abort()));
    this.foot.replaceChildren(make("span", "", ...(this.look ? [badge(this.look)] : []), words), acts);
  }

  finish(event) {
    Object.assign(this, { model: event.model, provider: event.provider, look: event.look });
    this.showName();
    showText(this.said, this.text);
    for (const picture of event.pictures) this.said.append(showPicture(picture));
    this.showReceipt(event.receipt);
  }

  showReceipt(receipt) {
    this.receipt = receipt;
    this.close(this.facts(receipt));
    say(receipt.spoken);
  }

  // Who paid, what it cost, and who was passed over.
  facts({ cost, used, notes, hint }) {
    const facts = [badge(this.look, hint), make("strong", "", cost), make("span", "dim", used)];
    return facts.concat(notes.map((note) => make("span", "sub", note)));
  }

  // What was stopped is settled a moment later; visitors have no ledger to ask.
  async findReceipt(attempt) {
    for (let tries = 0; attempt && !isVisitor && tries < RECEIPT_TRIES; tries += 1) {
      await new Promise((wake) => setTimeout(wake, RECEIPT_WAIT));
      const answer = await fetch(`/playground/receipt/${attempt}`, { headers: account() }).catch(() => null);
      if (!answer?.ok || this.attempt !== attempt) return;
      const { receipt } = await answer.json();
      if (receipt) return this.showReceipt(receipt);
    }
  }

  end(words) {
    showText(this.said, this.text);
    this.close([...(this.look ? [badge(this.look)] : []), words]);
    say(words);
  }

  fail({ title, words, ways, form_token: token }) {
    // Whoever signed in or out since sends the next question as who they are.
    if (token) fields.form_token.value = token;
    showText(this.said, this.text);
    this.said.append(noteOf({ title, words, ways }));
    // An answer that broke off is paid for as far as it came.
    this.close(this.receipt ? this.facts(this.receipt) : []);
    say(`${title}. ${words}`);
  }

  close(facts) {
    this.isOver = true;
    this.footWords = this.stage = null;
    const acts = make("span", "acts", button("again", "Again", () => this.again(), true));
    if (this.text) acts.append(button("copy", "Copy", () => copy(this.text), true));
    this.foot.replaceChildren(make("span", "", ...facts), acts);
    transcript.hidden = false;
  }

  again() {
    const key = takeKey();
    if (key !== undefined) this.run(key);
    showBusy();
  }
}

// What happened, and where to go. The conversation is in this page alone, so
// that nothing leads away from it.
function noteOf({ title, words, ways }) {
  const links = ways.map(([address, label]) => {
    const way = make("a", "btn s", label);
    way.href = address;
    way.target = "_blank";
    way.rel = "noopener";
    return way;
  });
  const note = make("div", "note bad", icon("alert", "icon"), make("p", "", make("strong", "", `${title}.`), ` ${words}`));
  note.setAttribute("role", "note");
  if (links.length) note.append(make("div", "acts", ...links));
  return note;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
  } catch {
    say("The browser does not let this page copy. Select the text instead");
  }
}

function showPicture({ type, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const picture = make("img", "made");
  picture.src = address;
  picture.alt = "The picture that was made";
  const keep = make("a", "btn s", icon("down"), "Keep");
  keep.href = address;
  keep.download = `picture.${type.slice("image/".length)}`;
  return make("div", "stack", picture, make("div", "acts", keep));
}

/* Asking ----------------------------------------------------------------- */

function writeQuestion(reply, key) {
  const data = new FormData();
  const { round, column } = reply;
  for (const name of ["form_token", "in"]) if (fields[name]) data.set(name, fields[name].value);
  data.set("as", round.as);
  data.set("model", reply.asked);
  data.set("column", column);
  data.set("ask", round.asked);
  if (key) {
    data.set("once", "1");
    data.set("key", key);
  }
  const before = rounds.slice(0, rounds.indexOf(round));
  const kept = before.filter((it) => it.answers.some((answer) => answer.text.trim()));
  const written = kept.map(({ asked, told, answers }) => ({
    asked,
    told,
    answers: answers.map((answer) => answer.kept?.() ?? answer),
  }));
  data.set("kept_talk", JSON.stringify(written));
  for (const file of round.files) data.append("file", file);
  kept.forEach((it, number) => {
    for (const file of it.files) if (file.type.startsWith("image/")) data.append(`file-${number}`, file);
  });
  return data;
}

// The key for one question; empty where none is wanted, nothing where one is
// wanted and not typed. It is forgotten here as soon as it is sent.
function takeKey() {
  const key = fields.key.value.trim();
  if (!key && fields.once?.checked) {
    fields.key.focus();
    say("Type the key, or switch that off. Nobody else pays in its place");
    return undefined;
  }
  if (!isVisitor && !fields.once.checked) return "";
  fields.key.value = "";
  return key;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  const asked = question.value.trim();
  if (!asked && attached.length === 0) return question.focus();
  if (areTooLarge(attached)) {
    fileList.querySelector("button")?.focus();
    return say(TOO_LARGE);
  }
  const key = takeKey();
  if (key === undefined) return;
  if (rounds.length === 0) talk.replaceChildren();
  const models = [fields.other.value.trim() || fields.model.value];
  if (fields.beside.value && fields.as.value !== ":picture") models.push(fields.beside.value);
  const round = { asked, as: fields.as.value, files: attached, answers: [] };
  rounds.push(round);
  round.answers = models.map((model, column) => new Reply(round, column, model));
  const said = make("div", "said me-said");
  showText(said, asked);
  said.append(showSent(round));
  const answers = make("div", models.length > 1 ? "side-by-side" : "");
  answers.append(...round.answers.map((reply) => reply.article));
  talk.append(said, answers);
  question.value = "";
  attached = [];
  showFiles();
  for (const reply of round.answers) reply.run(key);
  showBusy();
  goToEnd();
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

function showBusy() {
  const isBusy = talk.querySelector("[aria-busy]") !== null;
  form.querySelector(".btn.strong").disabled = isBusy;
}

/* Files ------------------------------------------------------------------ */

const TOO_LARGE = "What is sent at once may hold 16 MB, files and all. Take a file out first";
// What a form holds beside its files.
const BESIDE_FILES = 1024 * 1024;

function areTooLarge(files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return bytes > Number(fileField.dataset.bytes) - BESIDE_FILES;
}

// The files of a question that was sent: each can be taken out before it is
// asked again.
function showSent(round) {
  const list = make("ul", "files sent");
  list.setAttribute("aria-label", "Files of this question");
  const show = () => {
    list.hidden = round.files.length === 0;
    list.replaceChildren(...round.files.map((file) => showFile(file, () => {
      round.files = round.files.filter((other) => other !== file);
      show();
    })));
  };
  show();
  return list;
}

function showFile(file, takeOut) {
  return make("li", "tag", file.name, button("x", `Take out ${file.name}`, takeOut, true));
}

function attach(files) {
  attached.push(...files);
  showFiles();
  if (files.length) say(`${files.length} attached`);
}

function showFiles() {
  fileList.hidden = attached.length === 0;
  fileList.replaceChildren(
    ...attached.map((file) => showFile(file, () => {
      attached = attached.filter((other) => other !== file);
      showFiles();
    })),
  );
  if (areTooLarge(attached)) fileList.append(make("li", "small", `${TOO_LARGE}.`));
}

fileField.addEventListener("change", () => {
  attach([...fileField.files]);
  fileField.value = "";
});
question.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length === 0) return;
  event.preventDefault();
  attach([...event.clipboardData.files]);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  form.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("dropping", kind === "dragover");
    if (kind === "drop") attach([...event.dataTransfer.files]);
  });
}

/* What is chosen --------------------------------------------------------- */

// Models that do not fit what is chosen can’t be chosen beside it.
function fitModels() {
  const kind = fields.as.value === ":picture" ? "picture" : "chat";
  const maker = fields.model.value.split("/")[0];
  const named = (fields.other.value.trim() || fields.model.value).split("/")[0];
  const theirs = [...fields.model.querySelectorAll("optgroup")].find((group) =>
    [...group.children].some((option) => option.value.split("/")[0] === named));
  fields.key.placeholder = theirs?.dataset.shape ?? "";
  const isOnce = isVisitor ? fields.key.value !== "" : fields.once.checked;
  for (const select of [fields.model, fields.beside]) {
    for (const group of select.querySelectorAll("optgroup")) {
      const fits = group.dataset.kind === kind && !(select === fields.beside && kind === "picture");
      for (const option of group.children) {
        const isAnothers = select === fields.beside && isOnce && option.value.split("/")[0] !== maker;
        option.disabled = !fits || isAnothers;
      }
      group.hidden = !fits;
    }
    const chosen = select.selectedOptions[0];
    if (chosen?.disabled) select.value = [...select.options].find((option) => !option.disabled)?.value ?? "";
  }
}

async function showPayers() {
  const chosen = new URLSearchParams();
  for (const name of ["as", "model", "beside", "in", "other"]) {
    if (fields[name]?.value) chosen.set(name, fields[name].value);
  }
  try {
    const answer = await fetch(`/playground/now?${chosen}`, { headers: account() });
    if (answer.status === 409 || answer.status === 401) {
      const { error } = await answer.json();
      return showChange(error);
    }
    if (!answer.ok) return;
    const { payers, stopped } = await answer.json();
    const once = { class: "own", icon: "once", words: "own key, this once" };
    const looks = payers.flatMap((look) => {
      const shown = badge(look ?? (isVisitor ? once : null));
      return look?.price ? [shown, " ", make("span", "sub", look.price)] : [shown];
    });
    const place = document.getElementById("payers");
    place.previousElementSibling.hidden = false;
    place.replaceChildren(...looks);
    const stop = document.getElementById("stopped");
    stop.classList.toggle("when-not", !stopped?.is_blocked);
    stop.replaceChildren(...(stopped ? [noteOf(stopped)] : []));
  } catch {
    say("Who would pay could not be looked up");
  }
}

// Another account signed in beside this page: whatever is asked from here is
// refused, so that it is said before anybody types.
function showChange({ title, message }) {
  const place = document.getElementById("payers");
  const open = make("a", "", "Open the playground anew");
  open.href = "/playground";
  open.target = "_blank";
  open.rel = "noopener";
  place.previousElementSibling.hidden = true;
  place.replaceChildren(make("span", "sub", `${title}.`), " ", open);
  say(message);
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) showPayers();
});

form.addEventListener("change", (event) => {
  if (!["as", "model", "beside", "in", "other", "once"].includes(event.target.name)) return;
  fitModels();
  if (event.target.name !== "once") showPayers();
});
fitModels();

/* The transcript --------------------------------------------------------- */

transcript.addEventListener("click", () => {
  const parts = rounds.map(({ asked, answers }) => {
    const said = answers.map(({ model, provider, text, receipt }) => {
      const paid = receipt ? `\n\n*${receipt.source}, ${receipt.cost}, ${receipt.used}*` : "";
      return `## ${model}${provider ? ` (${provider})` : ""}\n\n${text}${paid}`;
    });
    return [`# ${asked.replaceAll("\n", "\n# ")}`, ...said].join("\n\n");
  });
  const file = new Blob([parts.join("\n\n"), "\n"], { type: "text/markdown" });
  const keep = make("a");
  keep.href = URL.createObjectURL(file);
  keep.download = "playground.md";
  keep.click();
  setTimeout(() => URL.revokeObjectURL(keep.href), 60000);
});
