//! Decides which key pays. Pure: the same offers get the same answer from
//! Discord, HTTP and the shell.
//!
//! The order is request, personal, server, bot default, for each provider
//! in turn. A request's own key never falls back. A server's key pays only
//! in that server, where the server itself installed the bot.

use crate::model::{Health, Offer, Owner, PersonId, Place, ProviderId, Skip, Source, Step};
use crate::model::{Trace, Verdict};

/// What the resolver needs to know of an ask.
#[derive(Clone, Debug)]
pub struct Question {
    pub person: PersonId,
    pub place: Place,
    /// Whether this person may use keys of their own.
    pub byok: bool,
    pub now_ms: i64,
}

/// The offers that may pay, best first, and why each stands where it does.
#[derive(Debug, Default)]
pub struct Choice {
    pub payers: Vec<Offer>,
    pub trace: Trace,
}

/// The order of those who may pay.
const SOURCES: [Source; 4] = [
    Source::Request,
    Source::Personal,
    Source::Server,
    Source::BotDefault,
];

/// Chooses among the offers for the providers that may answer, best first.
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
            let is_of = |offer: &&Offer| offer.source == source && offer.provider == *provider;
            let mine = offers.clone().filter(is_of);
            choice.look_at(question, (provider, source), mine, own_key_only);
        }
    }
    choice
}

impl Choice {
    /// Looks at what one source offers for one provider.
    fn look_at<'o>(
        &mut self,
        question: &Question,
        (provider, source): (&ProviderId, Source),
        offers: impl Iterator<Item = &'o Offer>,
        own_key_only: bool,
    ) {
        let mut is_absent = source != Source::Request;
        for offer in offers {
            is_absent = false;
            let skip = if own_key_only && source != Source::Request {
                Some(Skip::RequestHasItsOwn)
            } else {
                skip(question, offer)
            };
            let verdict = match skip {
                Some(reason) => Verdict::Skipped(reason),
                None if self.payers.is_empty() => Verdict::Taken,
                None => Verdict::Behind,
            };
            self.note(provider, source, Some(offer), verdict);
            if skip.is_none() {
                self.payers.push(offer.clone());
            }
        }
        if is_absent {
            self.note(provider, source, None, Verdict::Absent);
        }
    }

    fn note(
        &mut self,
        provider: &ProviderId,
        source: Source,
        offer: Option<&Offer>,
        verdict: Verdict,
    ) {
        let key = offer.and_then(|offer| offer.key);
        self.trace.0.push(Step {
            provider: provider.clone(),
            source,
            key,
            verdict,
        });
    }
}

/// Why an offer may not pay, the first reason that applies.
fn skip(question: &Question, offer: &Offer) -> Option<Skip> {
    if let Some(reason) = out_of_place(question, offer) {
        return Some(reason);
    }
    if offer.source == Source::Personal && !question.byok {
        return Some(Skip::Tier);
    }
    if offer.locked {
        return Some(Skip::Locked);
    }
    if offer.paused {
        return Some(Skip::Paused);
    }
    if offer.expires_at_ms.is_some_and(|at| at <= question.now_ms) {
        return Some(Skip::Expired);
    }
    match offer.health {
        Health::Refused => Some(Skip::Refused),
        Health::OutOfCredit => Some(Skip::OutOfCredit),
        Health::Unverified | Health::Valid | Health::Restricted => None,
    }
}

/// Whether a key may be used by this person in this place at all.
fn out_of_place(question: &Question, offer: &Offer) -> Option<Skip> {
    match offer.owner {
        None => None,
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
            Just(Health::Refused),
            Just(Health::OutOfCredit),
            Just(Health::Restricted),
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
                    key: matches!(source, Source::Personal | Source::Server).then_some(KeyId(id)),
                    owner: match source {
                        Source::Personal => Some(Owner::Person(PersonId(owner))),
                        Source::Server => Some(Owner::Server(ServerId(owner))),
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
            .filter(|o| o.health != Health::Refused && o.health != Health::OutOfCredit)
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
