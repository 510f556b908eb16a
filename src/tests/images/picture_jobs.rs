//! Pictures that are jobs at a host: followed, cancelled, failed, and gone
//! on with after a restart.

use insta::assert_snapshot;
use latchkey_emulator::providers::{Life, ProviderFault, SocketHabit};

use super::pictures::photo;
use crate::tests::stage::{self, Setup, Stage};
use crate::tests::{Actor, good};

/// What is typed for a key of a host, beside the key.
const EXTRAS: &[(&str, &[(&str, &str)])] = &[
    ("runpod", &[("endpoint", "made-up-id")]),
    ("runcomfy-serverless", &[("deployment", "made-up-id")]),
    (
        "saladcloud",
        &[
            ("organization", "made-up-id"),
            ("project", "default"),
            ("queue", "pictures"),
        ],
    ),
    (
        "runcomfy",
        &[("user_id", "made-up-id"), ("workflow", "made-up-workflow")],
    ),
];

pub fn setup() -> Setup {
    Setup {
        comfyui: true,
        ..Setup::default()
    }
}

/// Adds a key with all that its host needs.
pub async fn adds(actor: &Actor<'_>, provider: &str) {
    let Some((_, extras)) = EXTRAS.iter().find(|(id, _)| *id == provider) else {
        return;
    };
    let key = good(provider);
    let mut typed = vec![("key", key.as_str())];
    typed.extend(extras.iter().copied());
    let seen = actor.adds_with(provider, "user", &typed).await;
    assert!(seen.contains("Stored"), "{seen}");
}

pub fn lives(stage: &Stage, queued: u32, starting: u32, running: u32) {
    let life = Life {
        queued,
        starting,
        running,
    };
    stage.world().with(|state| state.providers.life = life);
}

/// How the WebSocket of the ComfyUI speaks.
pub fn speaks(stage: &Stage, habit: SocketHabit) {
    stage.world().with(|state| state.providers.socket = habit);
}

/// Waits until the newest message in a channel holds a text.
pub async fn shows(stage: &Stage, actor: &Actor<'_>, text: &str) -> String {
    let channel = actor.channel;
    let found = stage.world().until(|state| {
        let mut here = state.messages.iter().rev().filter(|m| m.channel == channel);
        let newest = here.find(|m| m.author.is_none())?;
        newest.content.contains(text).then(|| newest.seen_text())
    });
    found.await
}

/// What somebody sees of a picture from a host, on good days and bad.
async fn story(stage: &Stage, provider: &str) -> String {
    const FOREVER: u32 = 1_000_000;
    let mia = stage.mia();
    // How many steps are seen before a look is chance.
    speaks(stage, SocketHabit::Refused);
    adds(&mia, provider).await;
    let line = format!("/imagine prompt:a lighthouse provider:{provider} seed:7 count:2");
    let mut told = vec![line.clone()];
    // The machine of a managed host starts before there is any line.
    let stages: &[((u32, u32, u32), &str)] = match provider {
        "runcomfy" => &[
            ((0, FOREVER, 0), "A machine starts"),
            ((FOREVER, 0, 0), "line"),
            ((0, 0, FOREVER), "Being made"),
        ],
        // It tells its place in the line when it is asked, after it has taken the job.
        "runcomfy-serverless" => &[
            ((FOREVER, 0, 0), "before it"),
            ((0, FOREVER, 0), "A machine starts"),
            ((0, 0, FOREVER), "Being made"),
        ],
        _ => &[((FOREVER, 0, 0), "line"), ((0, 0, FOREVER), "Being made")],
    };
    lives(stage, stages[0].0.0, stages[0].0.1, stages[0].0.2);
    let asked = mia.starts(&line);
    for ((queued, starting, running), text) in stages {
        lives(stage, *queued, *starting, *running);
        let seen = shows(stage, &mia, text).await;
        told.push(seen.lines().skip(2).collect::<Vec<_>>().join(" "));
    }
    lives(stage, 0, 0, 0);
    told.push(mia.sees(asked).await);

    lives(stage, 0, 0, FOREVER);
    let asked = mia.starts(&line);
    shows(stage, &mia, "Being made").await;
    let (message, id) = mia.button("Cancel");
    stage.world().press(mia.person, message, &id).unwrap();
    told.push(format!("Cancel: {}", mia.sees(asked).await));
    lives(stage, 1, 0, 0);
    for fault in [
        ProviderFault::NodeError,
        ProviderFault::MachineError,
        ProviderFault::NoPicture,
        ProviderFault::Expired,
        ProviderFault::WrongType,
        ProviderFault::HugePicture,
    ] {
        let name = format!("{fault:?}");
        stage.fails(provider, fault);
        let seen = mia.runs(&line).await;
        let seen = seen.lines().skip(2).collect::<Vec<_>>().join("\n");
        told.push(format!("{name}: {seen}"));
    }
    stage.recovers(provider);
    told.push(left_over(stage));
    told.join("\n")
}

/// What the hosts know in the end: no job that is not done or cancelled, and
/// no machine that runs.
pub fn left_over(stage: &Stage) -> String {
    stage.world().look(|state| {
        let jobs = &state.providers.jobs;
        let done = jobs.iter().filter(|job| job.done).count();
        let cancelled = jobs.iter().filter(|job| job.cancelled).count();
        let servers = &state.providers.servers;
        let running = servers.iter().filter(|server| server.running).count();
        format!(
            "{} jobs, {done} done, {cancelled} cancelled; {} machines, {running} running",
            jobs.len(),
            servers.len()
        )
    })
}

#[tokio::test]
async fn runpod_tells_how_far_a_picture_is_and_why_not() {
    stage::run_with(setup(), async |stage| {
        assert_snapshot!(story(stage, "runpod").await, @"
        /imagine prompt:a lighthouse provider:runpod seed:7 count:2
        ⏳ Waiting in line, since <t:1795219200:R>.
        🎨 Being made, since <t:1795219200:R>.
        > a lighthouse

        -# RunPod text-to-image · 👤 personal key · price unknown · 2 pictures
        [picture-1.png: Made by text-to-image from: a lighthouse]
        [picture-2.png: Made by text-to-image from: a lighthouse]
        Cancel: > a lighthouse

        Stopped.
        NodeError: RunPod could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        MachineError: The machine at RunPod failed, or never started. Try it again, or name another provider.
        NoPicture: RunPod finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        Expired: RunPod no longer has the result. `/imagine` begins anew.
        WrongType: RunPod gave out a text or a web page in the place of a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        HugePicture: RunPod sent more than I can read. Ask for less, or name another provider.
        8 jobs, 6 done, 1 cancelled; 0 machines, 0 running
        ");
        assert_snapshot!(stage.asked("runpod"), @r#"/made-up-id/run {"input":{"workflow":{"3":{"class_type":"KSampler","inputs":{"cfg":7,"denoise":1,"latent_image":["5",0],"model":["4",0],"negative":["7",0],"positive":["6",0],"sampler_name":"dpmpp_2m","scheduler":"karras","seed":7,"steps":25}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"sd_xl_base_1.0.safetensors"}},"5":{"class_type":"EmptyLatentImage","inputs":{"batch_size":2,"height":1024,"width":1024}},"6":{"class_type":"CLIPTextEncode","inputs":{"clip":["4",1],"text":"a lighthouse"}},"7":{"class_type":"CLIPTextEncode","inputs":{"clip":["4",1],"text":"text, watermark"}},"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"latchkey","images":["8",0]}}}}}"#);
    })
    .await;
}

#[tokio::test]
async fn runcomfys_deployments_tell_how_far_a_picture_is_and_why_not() {
    stage::run_with(setup(), async |stage| {
        assert_snapshot!(story(stage, "runcomfy-serverless").await, @"
        /imagine prompt:a lighthouse provider:runcomfy-serverless seed:7 count:2
        ⏳ Waiting in line with 3 before it, since <t:1795219200:R>.
        🧊 A machine starts for it, since <t:1795219200:R>. That can take some minutes.
        🎨 Being made, since <t:1795219200:R>.
        > a lighthouse

        -# RunComfy Serverless text-to-image · 👤 personal key · price unknown · 2 pictures
        [picture-1.png: Made by text-to-image from: a lighthouse]
        [picture-2.png: Made by text-to-image from: a lighthouse]
        Cancel: > a lighthouse

        Stopped.
        NodeError: RunComfy Serverless could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        MachineError: The machine at RunComfy Serverless failed, or never started. Try it again, or name another provider.
        NoPicture: RunComfy Serverless finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        Expired: RunComfy Serverless no longer has the result. `/imagine` begins anew.
        WrongType: RunComfy Serverless gave out a text or a web page in the place of a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        HugePicture: RunComfy Serverless sent more than I can read. Ask for less, or name another provider.
        8 jobs, 7 done, 1 cancelled; 0 machines, 0 running
        ");
    })
    .await;
}

#[tokio::test]
async fn salads_queue_tells_how_far_a_picture_is_and_why_not() {
    stage::run_with(setup(), async |stage| {
        assert_snapshot!(story(stage, "saladcloud").await, @"
        /imagine prompt:a lighthouse provider:saladcloud seed:7 count:2
        ⏳ Waiting in line, since <t:1795219200:R>.
        🎨 Being made, since <t:1795219200:R>.
        > a lighthouse

        -# SaladCloud text-to-image · 👤 personal key · price unknown · 2 pictures
        [picture-1.png: Made by text-to-image from: a lighthouse]
        [picture-2.png: Made by text-to-image from: a lighthouse]
        Cancel: > a lighthouse

        Stopped.
        NodeError: SaladCloud could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        MachineError: The machine at SaladCloud failed, or never started. Try it again, or name another provider.
        NoPicture: SaladCloud finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        Expired: SaladCloud no longer has the result. `/imagine` begins anew.
        WrongType: SaladCloud gave out a text or a web page in the place of a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        HugePicture: SaladCloud sent more than I can read. Ask for less, or name another provider.
        8 jobs, 6 done, 1 cancelled; 0 machines, 0 running
        ");
    })
    .await;
}

#[tokio::test]
async fn ones_own_comfyui_tells_how_far_a_picture_is_and_why_not() {
    stage::run_with(setup(), async |stage| {
        assert_snapshot!(story(stage, "comfyui").await, @"
        /imagine prompt:a lighthouse provider:comfyui seed:7 count:2
        ⏳ Next in line, since <t:1795219200:R>.
        🎨 Being made, since <t:1795219200:R>.
        > a lighthouse

        -# ComfyUI text-to-image · 🤖 bot default · free · 2 pictures
        [picture-1.png: Made by text-to-image from: a lighthouse]
        [picture-2.png: Made by text-to-image from: a lighthouse]
        Cancel: > a lighthouse

        Stopped.
        NodeError: ComfyUI could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        MachineError: ComfyUI could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        NoPicture: ComfyUI finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        Expired: ComfyUI no longer has the result. `/imagine` begins anew.
        WrongType: ComfyUI gave out a text or a web page in the place of a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        HugePicture: ComfyUI sent more than I can read. Ask for less, or name another provider.
        7 jobs, 6 done, 1 cancelled; 0 machines, 0 running
        ");
    })
    .await;
}

#[tokio::test]
async fn a_machine_is_started_for_a_picture_and_stopped_after_it() {
    stage::run_with(setup(), async |stage| {
        assert_snapshot!(story(stage, "runcomfy").await, @"
        /imagine prompt:a lighthouse provider:runcomfy seed:7 count:2
        🧊 A machine starts for it, since <t:1795219200:R>. That can take some minutes.
        ⏳ Next in line, since <t:1795219200:R>.
        🎨 Being made, since <t:1795219200:R>.
        > a lighthouse

        -# RunComfy text-to-image · 👤 personal key · price unknown · 2 pictures
        [picture-1.png: Made by text-to-image from: a lighthouse]
        [picture-2.png: Made by text-to-image from: a lighthouse]
        Cancel: > a lighthouse

        Stopped.
        NodeError: RunComfy could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        MachineError: The machine at RunComfy failed, or never started. Try it again, or name another provider.
        NoPicture: RunComfy finished, and gave out no picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        Expired: RunComfy no longer has the result. `/imagine` begins anew.
        WrongType: RunComfy gave out a text or a web page in the place of a picture. Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. Name another with `model:`.
        HugePicture: RunComfy sent more than I can read. Ask for less, or name another provider.
        6 jobs, 5 done, 0 cancelled; 8 machines, 0 running
        ");
    })
    .await;
}

#[tokio::test]
async fn salads_container_answers_at_once_and_its_gateway_gives_up() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        let key = good("saladcloud");
        let typed = [
            ("key", key.as_str()),
            ("organization", "made-up-id"),
            ("access_domain", "made-up-domain"),
        ];
        mia.adds_with("saladcloud", "user", &typed).await;
        let line = "/imagine prompt:a lighthouse provider:saladcloud";
        assert_snapshot!(mia.runs(line).await, @"
        > a lighthouse

        -# SaladCloud text-to-image · 👤 personal key · price unknown
        [picture-1.png: Made by text-to-image from: a lighthouse]
        ");
        stage.fails("saladcloud", ProviderFault::GatewayCut);
        assert_snapshot!(mia.runs(line).await, @"
        (only you) > a lighthouse

        SaladCloud took too long. Ask again, or name another provider.
        ");
        stage.fails("saladcloud", ProviderFault::Html(503));
        assert_snapshot!(mia.runs(line).await, @"
        (only you) > a lighthouse

        The machine at SaladCloud failed, or never started. Try it again, or name another provider.
        ");
        stage.fails("saladcloud", ProviderFault::NodeError);
        assert_snapshot!(mia.runs(line).await, @"
        (only you) > a lighthouse

        SaladCloud could not run the workflow: a node of it failed. It may need a model or a node that is not installed there. Name another workflow with `model:`.
        ");
        let without = [("key", key.as_str()), ("organization", "made-up-id")];
        mia.adds_with("saladcloud", "user", &without).await;
        assert_snapshot!(mia.runs(line).await, @"
        (only you) > a lighthouse

        The SaladCloud key was stored without something that this needs, such as an endpoint or a queue. Add it again with `/keys add provider:saladcloud scope:user`, and fill in every field.
        ");
    })
    .await;
}

#[tokio::test]
async fn runcomfys_errors_with_status_200_are_errors() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runcomfy-serverless").await;
        stage.fails("runcomfy-serverless", ProviderFault::HiddenError);
        assert_snapshot!(mia.runs("/imagine prompt:x provider:runcomfy-serverless").await, @"
        (only you) > x

        The RunComfy Serverless account behind the key is out of credit. Top it up at <https://www.runcomfy.com/profile>, then run `/keys test provider:runcomfy-serverless scope:user`.
        ---
        (only you) Your RunComfy Serverless key is out of credit, so I stopped using it. Top it up, then run `/keys test provider:runcomfy-serverless`.
        ");
    })
    .await;
}

#[tokio::test]
async fn runpods_public_endpoints_go_by_their_names_and_say_what_they_cost() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 0);
        let line = "/imagine prompt:a lighthouse model:runpod/black-forest-labs-flux-1-schnell seed:7 negative:people";
        assert_snapshot!(mia.runs(line).await, @"
        > a lighthouse
        > -# not: people

        -# RunPod black-forest-labs-flux-1-schnell · 👤 personal key · $0.0024
        [picture-1.png: Made by black-forest-labs-flux-1-schnell from: a lighthouse]
        ");
        assert_snapshot!(stage.asked("runpod"), @r#"/black-forest-labs-flux-1-schnell/run {"input":{"height":1024,"negative_prompt":"people","prompt":"a lighthouse","seed":7,"width":1024}}"#);
        assert_snapshot!(mia.runs("/imagine prompt:x model:runpod/../v2").await, @"(only you) I know no model or workflow called `../v2`. The list that appears while you type `model:` holds what the keys here can use; `provider/model` names any other.");
    })
    .await;
}

#[tokio::test]
async fn a_host_that_stumbles_while_it_works_is_asked_again() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        adds(&mia, "runpod").await;
        lives(stage, 0, 0, 1_000_000);
        let asked = mia.starts("/imagine prompt:a lighthouse provider:runpod");
        shows(stage, &mia, "Being made").await;
        for fault in [ProviderFault::Html(503), ProviderFault::Status(429)] {
            stage.fails("runpod", fault);
            let calls = stage.calls();
            stage
                .world()
                .until(|state| (state.providers.calls.len() > calls + 2).then_some(()))
                .await;
        }
        stage.recovers("runpod");
        lives(stage, 0, 0, 0);
        assert_snapshot!(mia.sees(asked).await, @"
        > a lighthouse

        -# RunPod text-to-image · 👤 personal key · price unknown
        [picture-1.png: Made by text-to-image from: a lighthouse]
        ");
        assert_snapshot!(left_over(stage), @"1 jobs, 1 done, 0 cancelled; 0 machines, 0 running");
    })
    .await;
}

#[tokio::test]
async fn pictures_are_changed_where_workflows_run() {
    stage::run_with(setup(), async |stage| {
        let mia = stage.mia();
        lives(stage, 0, 0, 0);
        let file = mia.writes_with("", None, vec![photo()]);
        for provider in ["runpod", "runcomfy-serverless", "saladcloud", "comfyui"] {
            adds(&mia, provider).await;
            let seen = mia
                .runs(&format!(
                    "/imagine prompt:at night provider:{provider} image:{file}"
                ))
                .await;
            assert!(seen.contains("image-to-image"), "{seen}");
        }
        assert_snapshot!(mia.runs("/imagine prompt:x model:image-to-image").await, @"(only you) The workflow `image-to-image` changes a picture. Put one into `image:`, or leave `model:` out.");
        let job = stage
            .world()
            .look(|state| state.providers.jobs[0].input["workflow"]["10"].clone());
        assert_snapshot!(job, @r#"{"class_type":"LoadImage","inputs":{"image":"latchkey.png"}}"#);
        assert_snapshot!(mia.presses("Vary").await, @"
        > at night

        -# ComfyUI image-to-image · 🤖 bot default · free
        [picture-1.png: Made by image-to-image from: at night]
        ");
        let seed = mia.presses("Seed").await;
        assert!(seed.contains("with the same prompt, workflow and `image`"), "{seed}");
    })
    .await;
}
