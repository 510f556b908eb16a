// Discord's Markdown. Whatever somebody wrote goes in as text: no part of it is
// ever read as HTML.
"use strict";

const MARKS = new RegExp([
  String.raw`\\(?<escaped>[\\*_~\`|>#\-\[\]()<])`,
  String.raw`(?<ticks>\`+)(?<code>[^]*?[^\`])\k<ticks>(?!\`)`,
  String.raw`\*\*\*(?=\S)(?<both>[^]+?)\*\*\*`,
  String.raw`\*\*(?=\S)(?<bold>[^]+?)\*\*(?!\*)`,
  String.raw`__(?=\S)(?<under>[^]+?)__(?!_)`,
  String.raw`\*(?=\S)(?<italic>[^*]+?)\*(?!\*)`,
  String.raw`(?<![A-Za-z0-9])_(?=\S)(?<slanted>[^_]+?)_(?![A-Za-z0-9])`,
  String.raw`~~(?=\S)(?<struck>[^]+?)~~`,
  String.raw`\|\|(?<spoiler>[^]+?)\|\|`,
  String.raw`\[(?<label>[^\]\n]+)\]\(<?(?<target>https?:\/\/[^\s)>]+)>?\)`,
  String.raw`<(?<quiet>https?:\/\/[^>\s]+)>`,
  String.raw`(?<bare>https?:\/\/[^\s<]*[^\s<.,:;"'\])])`,
  String.raw`<t:(?<moment>-?\d{1,13})(?::(?<style>[tTdDfFsSR]))?>`,
  String.raw`<(?<kind>@!|@&|@|#)(?<id>\d+)>`,
  String.raw`<\/(?<command>[^:>]+):\d+>`,
  String.raw`<a?(?<emoji>:\w+:)\d+>`,
].join("|"), "g");

const LIST_LINE = /^( *)([-*]|\d{1,9}\.) +(.*)$/;

// Writes a message's text into an element. `names` tells what ids are called.
function renderMarkdown(into, text, names) {
  let last = 0;
  for (const fence of text.matchAll(/```(?:([A-Za-z0-9+#._-]*)\n)?([^]*?)```/g)) {
    if (!fence[2].trim()) continue;
    blocks(into, text.slice(last, fence.index), names);
    const pre = make("pre");
    pre.tabIndex = 0;
    pre.append(make("code", "", fence[2].replace(/^\n|\n$/g, "")));
    into.append(pre);
    last = fence.index + fence[0].length;
  }
  blocks(into, text.slice(last), names);
}

// Headings, quotes, lists, small print, and the lines between them.
function blocks(into, text, names) {
  const lines = text.replace(/^\n|\n$/g, "").split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length && (plain.length > 1 || plain[0])) {
      const part = make("div", "lines");
      inline(part, plain.join("\n"), names);
      into.append(part);
    }
    plain = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const heading = line.match(/^(#{1,3}) +(\S.*)$/);
    const small = line.match(/^-# +(.*)$/);
    if (line.startsWith(">>> ") || line.startsWith("> ") || line === ">") {
      flush();
      const quoted = [];
      if (line.startsWith(">>> ")) {
        quoted.push(line.slice(4), ...lines.slice(at + 1));
        at = lines.length;
      } else {
        for (; at < lines.length && /^>( |$)/.test(lines[at]); at++) quoted.push(lines[at].slice(2));
        at -= 1;
      }
      const quote = make("blockquote");
      blocks(quote, quoted.join("\n"), names);
      into.append(quote);
    } else if (heading) {
      flush();
      const title = make("h" + (heading[1].length + 2));
      inline(title, heading[2], names);
      into.append(title);
    } else if (small) {
      flush();
      const part = make("div", "small");
      inline(part, small[1], names);
      into.append(part);
    } else if (LIST_LINE.test(line)) {
      flush();
      const items = [];
      for (; at < lines.length; at++) {
        const item = lines[at].match(LIST_LINE);
        // A line that is set in goes on with the one before.
        if (item) items.push({ depth: item[1].length, mark: item[2], text: item[3] });
        else if (/^ {2,}\S/.test(lines[at])) items[items.length - 1].text += "\n" + lines[at].trim();
        else break;
      }
      at -= 1;
      list(into, items, names);
    } else {
      plain.push(line);
    }
  }
  flush();
}

// A list, with those inside it.
function list(into, items, names) {
  const open = [];
  for (const item of items) {
    const tag = /\d/.test(item.mark) ? "OL" : "UL";
    while (open.length && open[open.length - 1].depth > item.depth) open.pop();
    // Bullets and numbers are lists of their own.
    if (open.length && open[open.length - 1].depth === item.depth && open[open.length - 1].node.tagName !== tag) open.pop();
    if (!open.length || open[open.length - 1].depth < item.depth) {
      const node = make(tag);
      if (tag === "OL") node.start = parseInt(item.mark, 10);
      const above = open[open.length - 1];
      (above ? above.node.lastElementChild : into).append(node);
      open.push({ depth: item.depth, node });
    }
    const line = make("li");
    inline(line, item.text, names);
    open[open.length - 1].node.append(line);
  }
}

// What stands within a line. Marks may stand inside one another.
function inline(into, text, names) {
  let last = 0;
  for (const found of text.matchAll(MARKS)) {
    into.append(text.slice(last, found.index), marked(found.groups, names));
    last = found.index + found[0].length;
  }
  into.append(text.slice(last));
}

function marked(mark, names) {
  const inside = (tag, words, className) => {
    const node = make(tag, className);
    inline(node, words, names);
    return node;
  };
  if (mark.escaped) return mark.escaped;
  if (mark.code) return make("code", "", mark.code);
  if (mark.both) {
    const strong = make("strong");
    strong.append(inside("em", mark.both));
    return strong;
  }
  if (mark.bold) return inside("strong", mark.bold);
  if (mark.under) return inside("u", mark.under);
  if (mark.italic || mark.slanted) return inside("em", mark.italic || mark.slanted);
  if (mark.struck) return inside("s", mark.struck);
  if (mark.spoiler) return spoiler(inside("span", mark.spoiler));
  if (mark.target) return link(mark.target, mark.label);
  if (mark.quiet || mark.bare) return link(mark.quiet || mark.bare, mark.quiet || mark.bare);
  if (mark.moment) return moment(Number(mark.moment), mark.style || "f");
  if (mark.command) return make("span", "mention", "/" + mark.command);
  if (mark.emoji) return mark.emoji;
  const sign = mark.kind === "#" ? "#" : "@";
  return make("span", "mention", sign + names(mark.kind.replace("!", ""), mark.id));
}

function link(address, words) {
  const node = make("a", "", words);
  node.href = address;
  node.rel = "noreferrer noopener";
  node.target = "_blank";
  return node;
}

// Hidden until it is clicked, from eyes and from screen readers.
function spoiler(words) {
  const node = make("button", "spoiler");
  node.type = "button";
  node.setAttribute("aria-label", "Show spoiler");
  node.append(words);
  node.onclick = () => {
    const shown = make("span", "spoiler shown");
    shown.append(...words.childNodes);
    shown.tabIndex = -1;
    node.replaceWith(shown);
    shown.focus();
  };
  return node;
}

const MOMENTS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

// A moment as its reader's clock has it.
function moment(seconds, style) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return String(seconds);
  const written = (how) => new Intl.DateTimeFormat(undefined, how).format(at);
  const node = make("time", "moment", style === "R" ? ago(seconds) : written(MOMENTS[style]));
  node.dateTime = at.toISOString();
  node.title = written(MOMENTS.F);
  return node;
}

function ago(seconds) {
  const left = seconds - Date.now() / 1000;
  const [unit, length] = [["year", 31536000], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]]
    .find(([, length]) => Math.abs(left) >= length) || ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(left / length), unit);
}
