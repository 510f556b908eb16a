//! The story of conversations, told to SQLite and to PostgreSQL.

use secrecy::SecretString;

use crate::model::{
    AnswerRecord, AttemptId, BlockTarget, Blocked, ChoiceKind, ChoiceScope, Choices, PersonId,
    PictureJob, ProviderId, ServerId, SetBlock, Size, Source, Step, Trace, Verdict,
};
use crate::store::Store;

const NOW_MS: i64 = 1_000_000_000;
const MIA: PersonId = PersonId(7);
const CLUB: ServerId = ServerId(9);

#[tokio::test]
async fn conversations_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("story.db").display());
    tell(&SecretString::from(url)).await;
}

#[tokio::test]
async fn conversations_on_postgresql() {
    if let Some(url) = crate::tests::postgres::database() {
        tell(&url).await;
    }
}

async fn tell(url: &SecretString) {
    let store = Store::open(url).await.unwrap();
    an_answer_is_noted_from_its_beginning_to_its_end(&store).await;
    the_closest_choice_comes_first(&store).await;
    what_was_forgotten_stays_forgotten(&store).await;
    a_servers_blocks_are_its_own(&store).await;
    a_picture_is_noted_until_it_is_shown(&store).await;
    store.erase_person(MIA, NOW_MS, NOW_MS).await.unwrap();
    assert!(store.answers_of(MIA, 9).await.unwrap().is_empty());
    assert!(store.pictures_of(MIA, 9).await.unwrap().is_empty());
    assert!(
        store
            .rules(MIA, None, None)
            .await
            .unwrap()
            .choices
            .is_empty()
    );
    assert_eq!(store.forgotten_up_to(1).await.unwrap(), Some(60));
    store.close().await;
}

fn answer(id: &str) -> AnswerRecord {
    AnswerRecord {
        id: id.into(),
        person: MIA,
        server: Some(CLUB),
        channel: 1,
        first: None,
        last: None,
        reply_to: Some(5),
        choices: Choices {
            provider: None,
            model: Some("groq/x".into()),
            persona: Some("code".into()),
        },
        began_at_ms: NOW_MS,
        ended_at_ms: None,
        attempt: None,
        trace: Trace::default(),
    }
}

async fn an_answer_is_noted_from_its_beginning_to_its_end(store: &Store) {
    store.begin_answer(&answer("a")).await.unwrap();
    for message in [50, 51] {
        store.set_answer_message("a", message).await.unwrap();
    }
    let promised = AnswerRecord {
        first: Some(40),
        ..answer("b")
    };
    store.begin_answer(&promised).await.unwrap();
    let unfinished = store.unfinished_answers(NOW_MS + 1, 9).await.unwrap();
    assert_eq!(unfinished.len(), 2);
    assert!(
        store
            .unfinished_answers(NOW_MS, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let trace = Trace(vec![Step {
        provider: ProviderId::from("groq"),
        source: Source::BotDefault,
        key: None,
        is_partial: false,
        verdict: Verdict::Taken,
    }]);
    let attempt = Some(AttemptId([3; 16]));
    store
        .end_answer("a", attempt, &trace, NOW_MS + 5)
        .await
        .unwrap();
    let (found, used) = store.load_answer("a").await.unwrap().unwrap();
    assert!(used.is_none(), "the ledger has no such attempt");
    let expected = AnswerRecord {
        first: Some(50),
        last: Some(51),
        ended_at_ms: Some(NOW_MS + 5),
        attempt,
        trace,
        ..answer("a")
    };
    assert_eq!(found, expected);
    assert!(store.load_answer("c").await.unwrap().is_none());
    store.forget_answers(NOW_MS).await.unwrap();
    assert_eq!(store.answers_of(MIA, 9).await.unwrap().len(), 2);
}

async fn the_closest_choice_comes_first(store: &Store) {
    let model = ChoiceKind::Model;
    for (scope, value) in [
        (ChoiceScope::Server(CLUB), "groq/server"),
        (ChoiceScope::Channel(1), "groq/old"),
        (ChoiceScope::Channel(1), "groq/channel"),
        (ChoiceScope::Person(MIA), "groq/mine"),
    ] {
        store
            .set_choice(scope, model, Some(value), MIA)
            .await
            .unwrap();
    }
    let values = async |channel, server| {
        let found = store.rules(MIA, server, channel).await.unwrap();
        found
            .choices
            .into_iter()
            .map(|choice| choice.value)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        values(Some(1), Some(CLUB)).await,
        ["groq/mine", "groq/channel", "groq/server"]
    );
    assert_eq!(values(Some(2), None).await, ["groq/mine"]);
    store
        .set_choice(ChoiceScope::Channel(1), model, None, MIA)
        .await
        .unwrap();
    assert_eq!(
        values(Some(1), Some(CLUB)).await,
        ["groq/mine", "groq/server"]
    );
}

async fn what_was_forgotten_stays_forgotten(store: &Store) {
    assert_eq!(store.forgotten_up_to(1).await.unwrap(), None);
    for message in [55, 60] {
        store.forget(1, MIA, message).await.unwrap();
    }
    assert_eq!(store.forgotten_up_to(1).await.unwrap(), Some(60));
}

async fn a_servers_blocks_are_its_own(store: &Store) {
    let inside = Blocked::InServer(CLUB, BlockTarget::Role(55));
    let block = |whom| SetBlock {
        whom,
        since_ms: NOW_MS,
        until_ms: None,
    };
    for whom in [inside, Blocked::Role(77), Blocked::Channel(1)] {
        store.set_block(whom, None, MIA, NOW_MS).await.unwrap();
    }
    assert_eq!(store.blocks_in(CLUB, 9).await.unwrap(), [block(inside)]);
    let rules = store.rules(MIA, Some(CLUB), None).await.unwrap();
    assert_eq!(rules.blocks.len(), 2, "the server's own, and every role");
    let elsewhere = store.rules(MIA, Some(ServerId(10)), None).await.unwrap();
    assert_eq!(elsewhere.blocks, [block(Blocked::Role(77))]);
    assert!(store.lift_block(inside).await.unwrap());
    assert_eq!(store.operators_rules(9).await.unwrap().blocks.len(), 2);
}

async fn a_picture_is_noted_until_it_is_shown(store: &Store) {
    let job = PictureJob {
        id: "picture".into(),
        person: MIA,
        server: Some(CLUB),
        channel: Some(1),
        message: Some(2),
        attempt: AttemptId([3; 16]),
        size: Size::parse("768x512"),
        count: 2,
        seed: u64::MAX,
        is_edit: true,
        is_spoiler: true,
        mark: 4,
        host_job: None,
        began_at_ms: NOW_MS,
        ended_at_ms: None,
    };
    store.begin_picture(&job).await.unwrap();
    // Another payer takes its place.
    let second = PictureJob {
        attempt: AttemptId([4; 16]),
        mark: 5,
        ..job
    };
    store.begin_picture(&second).await.unwrap();
    store.set_host_job("picture", "endpoint/job").await.unwrap();
    let open = store.open_pictures(NOW_MS + 1, 9).await.unwrap();
    let known = PictureJob {
        host_job: Some("endpoint/job".into()),
        ..second
    };
    assert_eq!(open, std::slice::from_ref(&known));
    assert!(store.open_pictures(NOW_MS, 9).await.unwrap().is_empty());
    store.forget_pictures(NOW_MS + 1).await.unwrap();
    assert_eq!(store.load_picture("picture").await.unwrap(), Some(known));
    assert!(store.ended_marks(9).await.unwrap().is_empty());
    assert_eq!(store.maker_of(AttemptId([4; 16])).await.unwrap(), None);
    assert!(store.keys_of_pictures().await.unwrap().is_empty());
    assert!(store.unbegun_before(NOW_MS).await.unwrap().is_empty());
    store.end_picture("picture", NOW_MS + 5).await.unwrap();
    assert!(store.open_pictures(NOW_MS + 9, 9).await.unwrap().is_empty());
    assert_eq!(store.ended_marks(9).await.unwrap(), [5]);
    store.forget_pictures(NOW_MS).await.unwrap();
    let left = store.pictures_of(MIA, 9).await.unwrap();
    assert_eq!(left[0].ended_at_ms, Some(NOW_MS + 5));
    // What a program waits for is apart.
    let of_program = PictureJob {
        id: "of a program".into(),
        channel: None,
        message: None,
        host_job: None,
        ended_at_ms: None,
        ..left[0].clone()
    };
    store.begin_picture(&of_program).await.unwrap();
    assert!(store.open_pictures(NOW_MS + 9, 9).await.unwrap().is_empty());
    let theirs = store.left_pictures_of_programs(NOW_MS + 9, 9);
    assert_eq!(theirs.await.unwrap(), [of_program]);
    let earlier = store.left_pictures_of_programs(NOW_MS, 9);
    assert!(earlier.await.unwrap().is_empty());
}
