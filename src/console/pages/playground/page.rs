//! The page of the playground.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::console::assets;
use crate::console::form::FILES_BYTES_MAX;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::form::{self, Choice, ChoiceGroup, GroupedList};
use crate::console::parts::payer;
use crate::console::parts::{icon, note};
use crate::console::reply::Page;
use crate::console::visit::{HandlerResult, Visit};
use crate::model::{Picture, ServerId, Source};

use super::question::Setting;
use super::setting::Paying;
use super::talk::{Reply, Round, TALK_FIELD, Talk};
use super::{find_asker, plain_text, setting, tools};

/// What a second model is for.
const BESIDE: &str = "For answers in words alone: a picture is made by one model.";

/// What stands on the page beside the conversation.
struct Sheet<'a> {
    visit: &'a Visit,
    setting: &'a Setting,
    talk: &'a Talk,
    typed: &'a str,
    is_visitor: bool,
    models: Vec<ChoiceGroup>,
    places: Vec<(ServerId, String)>,
    paying: Paying,
}

/// Shows a conversation, with what is chosen and what is typed already.
pub async fn show(visit: &Visit, setting: &Setting, talk: &Talk, typed: &str) -> HandlerResult {
    let asker = find_asker(visit, setting.place).await?;
    let sheet = Sheet {
        visit,
        setting,
        talk,
        typed,
        is_visitor: asker.is_visitor(),
        models: setting::list_models(visit, &asker, setting).await?,
        places: setting::list_places(visit, &asker.caller).await,
        paying: setting::find_payers(visit, &asker, setting).await?,
    };
    let body = html! {
        (show_head())
        (sheet.show_form())
        script src=(assets::address("playground.js")) defer blocking="render" {}
    };
    Ok(Page::new(Section::Playground, "Playground", body).into())
}

fn show_head() -> Markup {
    html! {
        div.head {
            div {
                h1 { "Playground" }
                p { "Nothing is stored. The conversation lives in this page until you close it." }
            }
            div.acts {
                a.btn.s.narrow-only href="#settings" { "Models and key" }
                button.btn.s #transcript type="button" hidden {
                    (icon::small("down")) "Transcript"
                }
                a.btn.s href="/playground" { (icon::small("plus")) "New" }
            }
        }
    }
}

impl Sheet<'_> {
    /// One form holds everything: what is asked, what is chosen, and the
    /// conversation.
    fn show_form(&self) -> Markup {
        html! {
            form.columns.wide #playground method="post" action="/playground/ask#newest"
                enctype="multipart/form-data" autocomplete="off"
            {
                (form::token(&self.visit.form_token))
                input type="hidden" name=(TALK_FIELD) value=(self.talk.write());
                div.stack {
                    section.card aria-label="Conversation" {
                        div.body.talk #talk { (self.show_talk()) }
                    }
                    (self.show_composer())
                }
                aside.card #settings aria-label="Settings" {
                    div.body.stack { (self.show_settings()) }
                }
            }
        }
    }

    fn show_talk(&self) -> Markup {
        html! {
            @if self.talk.rounds.is_empty() { (self.show_starters()) }
            @for (at, round) in self.talk.rounds.iter().enumerate() {
                (show_round(round, at + 1 == self.talk.rounds.len()))
            }
        }
    }

    fn show_starters(&self) -> Markup {
        let tool = &self.setting.tool;
        let words = if self.is_visitor {
            "Ask a model with a key of your own. Keys are used once and forgotten."
        } else {
            "Ask something, or begin with one of these."
        };
        html! {
            (note::empty("chat", words, html! {
                @for (at, starter) in tool.starters().iter().enumerate() {
                    a.btn.s.wraps href={ "/playground?as=" (tool.value()) "&start=" (at) } { (starter) }
                }
            }))
        }
    }

    fn show_composer(&self) -> Markup {
        let ask = match (
            self.setting.tool == tools::Tool::Picture,
            self.setting.models.len(),
        ) {
            (true, _) => "Describe the picture. Ctrl+Enter sends.",
            (false, 2) => "Ask both models. Ctrl+Enter sends.",
            _ => "Ask something. Ctrl+Enter sends.",
        };
        html! {
            div.composer {
                label.hidden for="ask" { "Your question" }
                textarea #ask name="ask" rows="3" placeholder=(ask) { (self.typed) }
                (self.show_stop())
                ul.files #files hidden aria-label="Attached files" {}
                div.acts {
                    span.acts {
                        label.attach {
                            (icon::plain("clip")) span { "Attach" }
                            input #file type="file" name="file" multiple data-bytes=(FILES_BYTES_MAX)
                                accept="image/png,image/jpeg,image/gif,image/webp,text/*,.md,.csv,.json,.log,.rs,.py,.js,.ts,.toml,.yaml,.yml";
                        }
                        span.paid {
                            span.small.dim { "Paid by" }
                            (self.show_payers())
                        }
                    }
                    button.btn.strong { "Ask" (icon::plain("go")) }
                }
            }
        }
    }

    /// What stops whoever would ask. A limit leaves room for a key for this once.
    fn show_stop(&self) -> Markup {
        let paying = &self.paying;
        html! {
            div #stopped .when-not[!paying.is_blocked] {
                @if let Some(trouble) = &paying.stopped { (note::trouble(trouble, "")) }
            }
        }
    }

    /// Who would pay, before anybody is asked.
    fn show_payers(&self) -> Markup {
        let once = payer::badge(Source::Request);
        html! {
            span.acts.when-not #payers {
                @for payer in &self.paying.payers {
                    @match payer {
                        Some(payer) => (payer::show_foreseen(payer)),
                        None if self.is_visitor && !self.paying.is_blocked => (once),
                        None => (payer::nobody()),
                    }
                }
            }
            @if !self.is_visitor { span.when-once { (once) } }
        }
    }

    fn show_settings(&self) -> Markup {
        let chosen = |at: usize| self.setting.models.get(at).map_or("", String::as_str);
        let any = [Choice {
            value: "",
            words: "Whichever is paid for",
        }];
        let alone: &[Choice<'_>] = if self.is_visitor { &[] } else { &any };
        let none = [Choice {
            value: "",
            words: "None",
        }];
        let (groups, kind) = (self.models.as_slice(), setting::kind_of(self.setting));
        html! {
            (self.show_tools())
            (form::select_group(GroupedList { name: "model", label: "Model", alone, groups, kind, hint: None }, chosen(0)))
            (form::select_group(GroupedList { name: "beside", label: "Beside it", alone: &none, groups, kind, hint: Some(BESIDE) }, chosen(1)))
            @if !self.is_visitor { (self.show_places()) }
            (self.show_key())
            noscript {
                button.btn.s name="look" value="1" { "Show who pays for this" }
            }
            details.more {
                summary { "Another model" }
                div.field {
                    label for="other" { "Provider and model" }
                    input #other name="other" placeholder="openai/gpt-6-luna" spellcheck="false"
                        autocapitalize="off";
                    span.hint { "Stands in the place of the first." }
                }
            }
            (show_badges())
        }
    }

    fn show_tools(&self) -> Markup {
        let groups = tools::all_groups(self.visit.app().asks.personas());
        let chosen = self.setting.tool.value();
        html! {
            div.field {
                label for="as" { "Use it as" }
                select #as name="as" {
                    @for group in &groups {
                        optgroup label=(group.label) {
                            @for tool in &group.tools {
                                option value=(tool.value) selected[tool.value == chosen] { (tool.words) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn show_places(&self) -> Markup {
        let chosen = self.setting.place;
        html! {
            div.field {
                label for="in" { "As if asked in" }
                select #in name="in" {
                    option value="" { "A direct message" }
                    @for (server, name) in &self.places {
                        option value=(server.0) selected[chosen == Some(*server)] { (name) }
                    }
                }
            }
        }
    }

    /// How the keys of the chosen model's provider begin; empty where they
    /// have no shape, or nothing is chosen.
    fn key_shape(&self) -> &str {
        let chosen = self.setting.models.first().map_or("", String::as_str);
        let chosen = chosen.split('/').next().unwrap_or_default();
        let of_provider = |value: &str| value.split('/').next() == Some(chosen);
        let mut groups = self.models.iter();
        let first = groups
            .clone()
            .next()
            .filter(|_| chosen.is_empty() && self.is_visitor);
        let found = groups.find(|it| it.choices.iter().any(|(value, _)| of_provider(value)));
        found.or(first).map_or("", |group| group.shape.as_str())
    }

    /// The key for one question. Visitors have no other; they may leave it out
    /// where the demo answers.
    fn show_key(&self) -> Markup {
        let hint = "Goes with the question and is forgotten with the answer. If it is refused, \
                    nobody else pays.";
        let shape = self.key_shape();
        html! {
            @if self.is_visitor {
                (form::key("key", "Your key, for one question", shape, hint))
                p.small.dim {
                    "Or " a href="/sign-in?next=/playground" { "sign in with Discord" }
                    ", and stored keys pay."
                }
            } @else {
                div {
                    label.switch {
                        input #once type="checkbox" role="switch" name="once" value="1" autocomplete="off";
                        "Use my own key for this only"
                    }
                    div.opens { (form::key("key", "Key for one question", shape, hint)) }
                }
            }
        }
    }
}

fn show_badges() -> Markup {
    let meanings = [
        (Source::Personal, "a key of yours, stored or typed for once"),
        (Source::Server, "the server’s, within its budget"),
        (Source::BotDefault, "this service’s, within your tier"),
        (Source::Demo, "nobody: a template, marked"),
    ];
    html! {
        details.more {
            summary { "What the badges mean" }
            ul.stack.small {
                @for (source, meaning) in meanings {
                    li { (payer::badge(source)) " " (meaning) }
                }
            }
        }
    }
}

/// A question with its answers. Without script, the page opens at the newest.
fn show_round(round: &Round, is_newest: bool) -> Markup {
    let beside = round.answers.len() > 1;
    html! {
        div.said.me-said id=[is_newest.then_some("newest")] { (plain_text::show(&round.asked)) }
        div.side-by-side[beside] {
            @for reply in &round.answers { (show_reply(reply)) }
        }
    }
}

fn show_reply(reply: &Reply) -> Markup {
    html! {
        article.reply {
            @if !reply.model.is_empty() {
                header { (reply.model) " " span.sub { (reply.provider) } }
            }
            @if !reply.text.is_empty() {
                div.said { (plain_text::show(&reply.text)) }
            }
            @for picture in &reply.pictures { (show_picture(picture)) }
            @if let Some(trouble) = &reply.trouble { (note::trouble(trouble, "")) }
            @if let Some(receipt) = &reply.receipt { (receipt.show()) }
        }
    }
}

/// A picture that was made. It stands in the page itself and nowhere else.
fn show_picture(picture: &Picture) -> Markup {
    let kind = picture.kind.media_type();
    let data = STANDARD.encode(&picture.bytes);
    html! {
        img.made src={ "data:" (kind) ";base64," (data) } alt="The picture that was made";
    }
}
