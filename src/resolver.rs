//! The resolver: decides which key pays. Pure, so that the same offers get the
//! same payer from Discord, HTTP and the shell.
//!
//! For each provider in turn, the order is request, personal, server, bot
//! default. Where a request carries a key of its own, no other key pays. A
//! server's key pays only in that server, and only if the server itself
//! installed the bot.

use crate::model::{
    Health, Offer, Owner, PersonId, Place, ProviderId, Skip, Source, Step, Trace, Verdict,
};

/// What the resolver must know of an ask.
#[derive(Clone, Debug)]
pub struct Question {
    pub person: PersonId,
    pub place: Place,
    /// Whether this person may use keys of their own.
    pub byok: bool,
    pub now_ms: i64,
}

/// The offers that may pay, best first, and the verdict on every offer.
#[derive(Debug, Default)]
pub struct Choice {
    pub payers: Vec<Offer>,
    pub trace: Trace,
}

/// The order in which sources pay.
const SOURCES: [Source; 4] = [
    Source::Request,
    Source::Personal,
    Source::Server,
    Source::BotDefault,
];

/// Chooses the offers that may pay for an ask of one of the providers, which
/// are named best first.
pub fn choose<'o>(
    question: &Question,
    providers: &[ProviderId],
    offers: &(impl Iterator<Item = &'o Offer> + Clone),
) -> Choice {
    let own_key_only = offers.clone().any(|offer| offer.source == Source::Request);
    let mut choice = Choice {
        trace: Trace(Vec::with_capacity(SOURCES.len() * providers.len())),
        ..Choice::default()
    };
    for provider in providers {
        for source in SOURCES {
            let matches = |offer: &&Offer| offer.source == source && offer.provider == *provider;
            let mut matching = offers.clone().filter(matches).peekable();
            if matching.peek().is_none() && source != Source::Request {
                choice.trace.0.push(Step {
                    provider: provider.clone(),
                    source,
                    key: None,
                    is_partial: false,
                    verdict: Verdict::Absent,
                });
            }
            for offer in matching {
                let is_behind_own_key = own_key_only && source != Source::Request;
                let skip = if is_behind_own_key {
                    Some(Skip::RequestHasItsOwn)
                } else {
                    find_skip(question, offer)
                };
                choice.add_offer(offer, skip);
            }
        }
    }
    choice
}

impl Choice {
    /// Adds an offer with its verdict: it is skipped, or it may pay.
    fn add_offer(&mut self, offer: &Offer, skip: Option<Skip>) {
        let verdict = match skip {
            Some(reason) => Verdict::Skipped(reason),
            None if self.payers.is_empty() => Verdict::Taken,
            None => Verdict::Behind,
        };
        self.trace.0.push(Step {
            provider: offer.provider.clone(),
            source: offer.source,
            key: offer.key,
            is_partial: offer.health == Health::Restricted,
            verdict,
        });
        if skip.is_none() {
            self.payers.push(offer.clone());
        }
    }
}

/// The first reason why an offer may not pay; none if it may.
fn find_skip(question: &Question, offer: &Offer) -> Option<Skip> {
    if let Some(reason) = find_misplacement(question, offer) {
        return Some(reason);
    }
    if offer.source == Source::Personal && !question.byok {
        return Some(Skip::Tier);
    }
    find_fault(offer, question.now_ms)
}

/// What is wrong with an offer's key, whoever asks; none if it may pay.
pub fn find_fault(offer: &Offer, now_ms: i64) -> Option<Skip> {
    if offer.locked {
        return Some(Skip::Locked);
    }
    if offer.paused {
        return Some(Skip::Paused);
    }
    if offer.expires_at_ms.is_some_and(|at| at <= now_ms) {
        return Some(Skip::Expired);
    }
    match offer.health {
        Health::Refused => Some(Skip::Refused),
        Health::OutOfCredit => Some(Skip::OutOfCredit),
        Health::Damaged => Some(Skip::Damaged),
        Health::Unverified | Health::Valid | Health::Unguarded | Health::Restricted => None,
    }
}

/// Why a key may not pay for this person in this place at all; none if it may.
fn find_misplacement(question: &Question, offer: &Offer) -> Option<Skip> {
    match offer.owner {
        None | Some(Owner::Operator) => None,
        Some(Owner::Person(person)) => (person != question.person).then_some(Skip::AnotherPerson),
        Some(Owner::Server(owner)) => match question.place {
            Place::Direct => Some(Skip::DirectMessage),
            Place::VisitedServer(here) if here == owner => Some(Skip::NotInstalledHere),
            Place::Server(here) if here == owner => None,
            Place::Server(_) | Place::VisitedServer(_) => Some(Skip::AnotherServer(owner)),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::{KeyId, ServerId};

    use super::*;

    const NOW_MS: i64 = 1_000;

    fn provider(number: u8) -> ProviderId {
        ProviderId::from(["openai", "anthropic", "google"][usize::from(number) % 3])
    }

    fn any_offer() -> impl Strategy<Value = Offer> {
        let source = prop_oneof![
            1 => Just(Source::Request),
            6 => Just(Source::Personal),
            6 => Just(Source::Server),
            6 => Just(Source::BotDefault),
        ];
        let health = prop_oneof![
            Just(Health::Unverified),
            Just(Health::Valid),
            Just(Health::Unguarded),
            Just(Health::Refused),
            Just(Health::OutOfCredit),
            Just(Health::Restricted),
            Just(Health::Damaged),
        ];
        let expiry = prop_oneof![2 => Just(None), 1 => (900_i64..1_100).prop_map(Some)];
        let rare = || prop::bool::weighted(0.2);
        (
            source,
            0_u8..3,
            0_u64..2,
            health,
            rare(),
            rare(),
            expiry,
            any::<[u8; 16]>(),
        )
            .prop_map(
                |(source, number, owner, health, paused, locked, expires_at_ms, id)| Offer {
                    source,
                    provider: provider(number),
                    key: (matches!(source, Source::Personal | Source::Server)
                        || (source == Source::BotDefault && owner == 1))
                        .then_some(KeyId(id)),
                    owner: match source {
                        Source::Personal => Some(Owner::Person(PersonId(owner))),
                        Source::Server => Some(Owner::Server(ServerId(owner))),
                        Source::BotDefault if owner == 1 => Some(Owner::Operator),
                        Source::Request | Source::BotDefault | Source::Demo => None,
                    },
                    health,
                    paused,
                    expires_at_ms,
                    locked,
                    sealed: None,
                },
            )
    }

    fn any_question() -> impl Strategy<Value = (Question, Vec<ProviderId>)> {
        let place = prop_oneof![
            Just(Place::Direct),
            (0_u64..2).prop_map(|id| Place::Server(ServerId(id))),
            (0_u64..2).prop_map(|id| Place::VisitedServer(ServerId(id))),
        ];
        let providers = Just(vec![provider(0), provider(1), provider(2)]).prop_shuffle();
        let byok = prop::bool::weighted(0.8);
        (place, providers, 1_usize..=3, byok).prop_map(|(place, mut providers, many, byok)| {
            providers.truncate(many);
            let question = Question {
                person: PersonId(0),
                place,
                byok,
                now_ms: NOW_MS,
            };
            (question, providers)
        })
    }

    /// The rules once more, written as a filter and a sort rather than a walk.
    fn model_of_the_rules(
        question: &Question,
        providers: &[ProviderId],
        offers: &[Offer],
    ) -> Vec<Offer> {
        let has_own = offers.iter().any(|o| o.source == Source::Request);
        let mut left: Vec<Offer> = offers
            .iter()
            .filter(|o| providers.contains(&o.provider))
            .filter(|o| !has_own || o.source == Source::Request)
            .filter(|o| question.byok || o.source != Source::Personal)
            .filter(|o| !(o.paused || o.locked))
            .filter(|o| ![Health::Refused, Health::OutOfCredit, Health::Damaged].contains(&o.health))
            .filter(|o| !matches!(o.expires_at_ms, Some(at) if at <= NOW_MS))
            .filter(|o| o.source != Source::Personal || o.owner == Some(Owner::Person(PersonId(0))))
            .filter(|o| {
                o.source != Source::Server
                    || matches!(question.place, Place::Server(id) if o.owner == Some(Owner::Server(id)))
            })
            .cloned()
            .collect();
        let rank = |p: &ProviderId| providers.iter().position(|x| x == p);
        left.sort_by_key(|offer| (rank(&offer.provider), offer.source));
        left
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

        #[test]
        fn the_choice_is_that_of_an_independent_model(
            (question, providers) in any_question(),
            offers in prop::collection::vec(any_offer(), 0..8),
        ) {
            let expected = model_of_the_rules(&question, &providers, &offers);
            let choice = choose(&question, &providers, &offers.iter());
            prop_assert_eq!(&choice.payers, &expected);
            let taken: Vec<_> =
                choice.trace.0.iter().filter(|s| s.verdict == Verdict::Taken).collect();
            prop_assert_eq!(taken.len(), usize::from(!expected.is_empty()));
            if let (Some(step), Some(first)) = (taken.first(), expected.first()) {
                prop_assert_eq!((&step.provider, step.source, step.key),
                    (&first.provider, first.source, first.key));
            }
        }
    }
}
