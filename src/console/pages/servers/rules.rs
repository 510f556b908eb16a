//! Who may ask in a server: people, roles and channels that its managers have
//! stopped.

use axum::http::StatusCode;
use futures_util::future::join_all;

use crate::app::{OwnBlock, ServerRole, parse_duration};
use crate::console::markup::{Markup, html};
use crate::console::pages::ids;
use crate::console::pages::servers::{Tab, show_page};
use crate::console::parts::form::{self, Choice};
use crate::console::parts::{note, when};
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::model::{BlockTarget, Blocked, DurationOf, PersonId, SetBlock};

/// Of how many people who are stopped Discord is asked for the name.
const MEMBERS_NAMED: usize = 24;

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/rules" Managing show_rules),
    row!(POST "/servers/{server}/rules/block" Managing block),
    row!(POST "/servers/{server}/rules/unblock" Managing unblock),
];

/// Who is stopped, and the form that stops somebody.
async fn show_rules(visit: Visit, managing: Managing) -> HandlerResult {
    let blocks = visit.app().people.blocks_here(&managing.caller).await?;
    let roles = list_roles(&visit, &managing).await;
    let address = format!("/servers/{}/rules", managing.server);
    let body = html! {
        (show_blocks(&visit, &address, &name_blocks(&visit, &blocks, &roles).await))
        (show_block_form(&visit, &address, &roles))
    };
    show_page(&visit, &managing, Tab::Rules, body).await
}

/// The roles of a server, by id, as far as Discord says them.
pub async fn list_roles(visit: &Visit, managing: &Managing) -> Vec<ServerRole> {
    visit.app().people.list_roles(managing.server).await
}

/// What a role is called.
pub fn role_name(role: u64, roles: &[ServerRole]) -> String {
    let found = roles.iter().find(|known| known.id == role);
    found.map_or_else(|| format!("id {role}"), |known| format!("“{}”", known.name))
}

/// Somebody who is stopped: who, what they are called, and for how long.
struct StoppedTarget {
    target: BlockTarget,
    words: String,
    block: SetBlock,
}

/// Names everybody who is stopped, as far as Discord says their names.
async fn name_blocks(
    visit: &Visit,
    blocks: &[SetBlock],
    roles: &[ServerRole],
) -> Vec<StoppedTarget> {
    let here = blocks.iter().filter_map(|block| match block.whom {
        Blocked::InServer(server, target) => Some((server, target, *block)),
        _ => None,
    });
    let named = here
        .enumerate()
        .map(|(at, (server, target, block))| async move {
            let member = match target {
                BlockTarget::Person(person) if at < MEMBERS_NAMED => {
                    visit.app().people.find_member_name(server, person).await
                }
                _ => None,
            };
            StoppedTarget {
                target,
                words: target_words(target, member.as_deref(), roles),
                block,
            }
        });
    join_all(named).await
}

fn show_blocks(visit: &Visit, address: &str, stopped: &[StoppedTarget]) -> Markup {
    let now_ms = visit.app().now_ms();
    html! {
        section.card aria-labelledby="blocked-h" {
            header { h2 #blocked-h { "Stopped from asking" } }
            div.body {
                @if stopped.is_empty() { (note::empty("check", "Everybody may ask.", html! {})) }
                ul.stack {
                    @for one in stopped {
                        @let (kind, id) = parts(one.target);
                        li {
                            form.acts method="post" action={ (address) "/unblock" } {
                                (form::token(&visit.form_token))
                                b { (one.words) }
                                span.dim {
                                    "since " (when::day_and_time(one.block.since_ms)) ", "
                                    @match one.block.until_ms {
                                        Some(until_ms) => (when::ending(until_ms, now_ms)),
                                        None => "until somebody lifts it",
                                    }
                                }
                                input type="hidden" name="kind" value=(kind);
                                input type="hidden" name="id" value=(id);
                                button.btn.plain.s { "Let them ask" span.hidden { " " (one.words) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn show_block_form(visit: &Visit, address: &str, roles: &[ServerRole]) -> Markup {
    let listed = roles.iter().filter(|role| role.is_of_people);
    let listed: Vec<(String, &str)> = listed
        .map(|role| (role.id.to_string(), role.name.as_str()))
        .collect();
    let choices: Vec<Choice<'_>> = listed
        .iter()
        .map(|(value, words)| Choice { value, words })
        .collect();
    html! {
        div.columns.two {
            section.card aria-labelledby="block-h" {
                header { h2 #block-h { "Stop a person or a channel" } }
                form.body method="post" action={ (address) "/block" } {
                    (form::token(&visit.form_token))
                    div.fields {
                        (form::select("kind", "Whom", &[
                            Choice { value: "person", words: "A person" },
                            Choice { value: "channel", words: "Everybody in a channel" },
                        ], "person"))
                        (form::text("id", "Their id", "", "In Discord, right-click and choose Copy ID, with developer mode on"))
                        (form::text("during", "For how long", "", "Such as 30m, 12h or 7d; empty, until it is lifted"))
                    }
                    div.acts { button.btn.strong { "Stop them" } }
                }
            }
            @if !choices.is_empty() {
                section.card aria-labelledby="block-role-h" {
                    header { h2 #block-role-h { "Stop everybody with a role" } }
                    form.body method="post" action={ (address) "/block" } {
                        (form::token(&visit.form_token))
                        input type="hidden" name="kind" value="role";
                        div.field {
                            label for="role" { "Role" }
                            select #role name="id" {
                                @for choice in &choices { option value=(choice.value) { (choice.words) } }
                            }
                        }
                        div.field {
                            label for="role-during" { "For how long" }
                            input #role-during name="during" autocomplete="off" aria-describedby="role-during-hint";
                            span.hint #role-during-hint { "Such as 30m, 12h or 7d; empty, until it is lifted" }
                        }
                        div.acts { button.btn { "Stop them" } }
                    }
                }
            }
        }
    }
}

async fn block(visit: Visit, managing: Managing) -> HandlerResult {
    let form = &visit.form;
    let target = read_target(&visit)?;
    let whom = Blocked::InServer(managing.server, target);
    if let Some(own) = OwnBlock::of(&managing.caller, whom) {
        return Err(that_is_you(own).typed(form));
    }
    let during = parse_duration(form.typed("during"), DurationOf::Block);
    let during = during.map_err(|refusal| Trouble::from(refusal).typed(form))?;
    let wanted = ids::of_target(target);
    let name = ids::require_kind(&visit, Some(managing.server), Some(wanted)).await?;
    let people = &visit.app().people;
    people.block_here(&managing.caller, target, during).await?;
    let words = ids::with_name("They may no longer ask in this server.", name.as_deref());
    say(&visit, &managing, &words).await
}

fn that_is_you(own: OwnBlock) -> Trouble {
    let title = match own {
        OwnBlock::Oneself => "That is you",
        OwnBlock::Role => "You have that role",
        OwnBlock::Everybody => "That is everybody",
    };
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        title,
        "You would get no answer in this server any more. Type the id of whom you mean; whoever \
         manages this server beside you can stop you. Nothing was changed.",
    )
}

async fn unblock(visit: Visit, managing: Managing) -> HandlerResult {
    let target = read_target(&visit)?;
    let people = &visit.app().people;
    let (_, was) = people.unblock_here(&managing.caller, target).await?;
    let words = if was {
        "They may ask in this server again."
    } else {
        "They were not stopped."
    };
    say(&visit, &managing, words).await
}

async fn say(visit: &Visit, managing: &Managing, words: &str) -> HandlerResult {
    let address = format!("/servers/{}/rules", managing.server);
    managing.person.say_at(visit, address, words).await
}

fn read_target(visit: &Visit) -> Result<BlockTarget, Trouble> {
    let form = &visit.form;
    let id = form.text("id").parse::<u64>().ok().filter(|id| *id != 0);
    let target = id.and_then(|id| {
        Some(match form.text("kind") {
            "person" => BlockTarget::Person(PersonId(id)),
            "role" => BlockTarget::Role(id),
            "channel" => BlockTarget::Channel(id),
            _ => return None,
        })
    });
    target.ok_or_else(|| ids::no_id(visit))
}

fn parts(target: BlockTarget) -> (&'static str, u64) {
    match target {
        BlockTarget::Person(person) => ("person", person.0),
        BlockTarget::Role(role) => ("role", role),
        BlockTarget::Channel(channel) => ("channel", channel),
    }
}

/// Who is meant, by name where that is known, and by the id otherwise.
fn target_words(target: BlockTarget, member: Option<&str>, roles: &[ServerRole]) -> String {
    match (target, member) {
        (BlockTarget::Person(person), Some(name)) => format!("{name} (id {person})"),
        (BlockTarget::Person(person), None) => format!("Somebody with the id {person}"),
        (BlockTarget::Role(role), _) => format!("The role {}", role_name(role, roles)),
        (BlockTarget::Channel(channel), _) => format!("The channel {channel}"),
    }
}
