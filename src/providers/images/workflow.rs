//! Workflows: a ComfyUI graph in its API format below a header that names
//! the inputs into which a person's request is put.
//!
//! ```text
//! ---
//! about = "A picture from words"
//! prompt = "6.text"
//! seed = "3.seed"
//! ---
//! { "3": { "class_type": "KSampler", "inputs": { … } }, … }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{ImageSpec, Lora};

/// The workflows that ship.
const OURS: [(&str, &str); 2] = [
    (
        "text-to-image",
        include_str!("../../../assets/workflows/text-to-image.workflow"),
    ),
    (
        "image-to-image",
        include_str!("../../../assets/workflows/image-to-image.workflow"),
    ),
];
/// The most nodes that a graph has.
const NODES_MAX: usize = 500;
/// What begins the names of nodes that give pictures out.
const OUTPUTS: [&str; 2] = ["SaveImage", "SaveAnimated"];

/// What begins the names of nodes that load a model.
const LOADERS: [&str; 3] = ["CheckpointLoader", "UNETLoader", "UnetLoader"];
/// What is added to a loader's id for the node of its LoRA.
const LORA_NODE: &str = "-latchkey-lora";

/// One workflow.
#[derive(Debug, PartialEq, Eq)]
pub struct Workflow {
    pub name: String,
    pub about: String,
    slots: BTreeMap<Input, Slot>,
    graph: serde_json::Map<String, Value>,
}

/// A part of a request that is put into a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Input {
    Prompt,
    Negative,
    Seed,
    Width,
    Height,
    Count,
    Image,
}

/// One input of one node.
#[derive(Debug, PartialEq, Eq)]
struct Slot {
    node: String,
    input: String,
}

#[derive(Deserialize)]
struct Header {
    about: String,
    #[serde(flatten)]
    inputs: BTreeMap<String, String>,
}

impl Workflow {
    /// Reads and checks a workflow. An error names the node that is
    /// wrong.
    pub fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let wrong = || format!("workflow `{name}`");
        let (header, graph) = split(text).with_context(wrong)?;
        let header: Header = toml::from_str(header)
            .map_err(|error| anyhow::anyhow!("{}", error.message()))
            .context("its header")
            .with_context(wrong)?;
        let graph: Value = serde_json::from_str(graph)
            .context("what follows its header is not JSON")
            .with_context(wrong)?;
        let Value::Object(graph) = graph else {
            bail!(
                "{}: its graph is no object; export it in API format",
                wrong()
            );
        };
        check(&graph).with_context(wrong)?;
        let mut slots = BTreeMap::new();
        for (input, at) in &header.inputs {
            let slot = slot(&graph, input, at).with_context(wrong)?;
            slots.insert(slot.0, slot.1);
        }
        ensure!(
            slots.contains_key(&Input::Prompt),
            "{}: its header names no `prompt`, such as prompt = \"6.text\"",
            wrong()
        );
        Ok(Self {
            name: name.to_owned(),
            about: header.about,
            slots,
            graph,
        })
    }

    /// Whether it changes a picture, which it then needs.
    pub fn takes_picture(&self) -> bool {
        self.slots.contains_key(&Input::Image)
    }

    /// Whether it makes several pictures at once.
    pub fn makes_several(&self) -> bool {
        self.slots.contains_key(&Input::Count)
    }

    /// Puts a request into the graph. `picture` is what stands there for the
    /// request's picture. None where the graph needs a picture and the request
    /// has none, or the other way round.
    pub(super) fn fill(&self, spec: &ImageSpec, seed: u64, picture: &str) -> Option<Value> {
        if spec.picture.is_some() != self.takes_picture() {
            return None;
        }
        let mut graph = Value::Object(self.graph.clone());
        for (input, slot) in &self.slots {
            let value = match input {
                Input::Prompt => json!(spec.prompt.0),
                Input::Negative if spec.negative.0.is_empty() => continue,
                Input::Negative => json!(spec.negative.0),
                Input::Seed => json!(seed),
                Input::Width => match spec.size {
                    Some(size) => json!(size.width),
                    None => continue,
                },
                Input::Height => match spec.size {
                    Some(size) => json!(size.height),
                    None => continue,
                },
                Input::Count => json!(spec.pictures()),
                Input::Image => json!(picture),
            };
            graph[&slot.node]["inputs"][&slot.input] = value;
        }
        if let Some(typed) = &spec.lora {
            add_loras(&mut graph, &Lora::parse_all(typed));
        }
        Some(graph)
    }

    /// Whether a LoRA can be put into it: whether it loads a model itself.
    pub fn takes_lora(&self) -> bool {
        self.graph.values().any(loads_model)
    }
}

/// Whether a node gives out a model, as its first output.
fn loads_model(node: &Value) -> bool {
    let class = node["class_type"].as_str().unwrap_or_default();
    LOADERS.iter().any(|loader| class.starts_with(loader))
}

/// Puts LoRAs, one behind the other, behind every node that loads a model:
/// whatever took the model from there takes it from the last of them.
fn add_loras(graph: &mut Value, loras: &[Lora]) {
    let Some(nodes) = graph.as_object_mut() else {
        return;
    };
    let loaders: Vec<String> = nodes
        .iter()
        .filter(|(_, node)| loads_model(node))
        .map(|(id, _)| id.clone())
        .collect();
    for loader in loaders {
        let mut from = json!([loader, 0]);
        for (number, lora) in (1..).zip(loras) {
            let to = match number {
                1 => format!("{loader}{LORA_NODE}"),
                _ => format!("{loader}{LORA_NODE}-{number}"),
            };
            relink(nodes, &from, &json!([to, 0]));
            let inputs =
                json!({"lora_name": lora.name, "strength_model": lora.strength, "model": from});
            let node = json!({"class_type": "LoraLoaderModelOnly", "inputs": inputs});
            from = json!([to, 0]);
            nodes.insert(to, node);
        }
    }
}

/// Leads all that took something from one output to another.
fn relink(nodes: &mut serde_json::Map<String, Value>, from: &Value, to: &Value) {
    for node in nodes.values_mut() {
        let inputs = node["inputs"].as_object_mut().into_iter().flatten();
        for (_, input) in inputs.filter(|(_, input)| *input == from) {
            input.clone_from(to);
        }
    }
}

fn split(text: &str) -> anyhow::Result<(&str, &str)> {
    let text = text.trim_start().strip_prefix("---");
    let parts = text.and_then(|text| text.split_once("\n---"));
    parts.context("it must begin with a header between two lines of ---")
}

/// Every link leads to a node, and a picture comes out.
fn check(graph: &serde_json::Map<String, Value>) -> anyhow::Result<()> {
    ensure!(
        graph.len() <= NODES_MAX,
        "it has more than {NODES_MAX} nodes"
    );
    let mut gives = false;
    for (id, node) in graph {
        let class = node["class_type"].as_str();
        let class = class.with_context(|| {
            format!("node {id} has no `class_type`; export the graph in API format")
        })?;
        let inputs = node["inputs"].as_object();
        let inputs = inputs.with_context(|| format!("node {id} ({class}) has no `inputs`"))?;
        for (name, value) in inputs {
            let Some([Value::String(to), Value::Number(_)]) = value.as_array().map(Vec::as_slice)
            else {
                continue;
            };
            ensure!(
                graph.contains_key(to),
                "node {id} ({class}): its input `{name}` is linked to node {to}, which is not there"
            );
        }
        gives |= OUTPUTS.iter().any(|output| class.starts_with(output));
    }
    ensure!(gives, "no node of it saves a picture, such as SaveImage");
    Ok(())
}

fn slot(
    graph: &serde_json::Map<String, Value>,
    input: &str,
    at: &str,
) -> anyhow::Result<(Input, Slot)> {
    let known: Input = serde_json::from_value(json!(input)).ok().with_context(|| {
        format!("its header names `{input}`; known are prompt, negative, seed, width, height, count and image")
    })?;
    let (node, name) = at
        .split_once('.')
        .with_context(|| format!("`{input}` must be a node and its input, such as \"6.text\""))?;
    let found = graph.get(node);
    let found =
        found.with_context(|| format!("`{input}` is put into node {node}, which is not there"))?;
    let class = found["class_type"].as_str().unwrap_or_default();
    let value = found["inputs"].get(name);
    let value = value.with_context(|| {
        format!("`{input}` is put into `{name}` of node {node} ({class}), which has no such input")
    })?;
    ensure!(
        !value.is_array(),
        "`{input}` is put into `{name}` of node {node} ({class}), which is linked to another node"
    );
    Ok((
        known,
        Slot {
            node: node.to_owned(),
            input: name.to_owned(),
        },
    ))
}

/// Every workflow, ours first.
#[derive(Clone, Debug, Default)]
pub struct Workflows(Vec<Arc<Workflow>>);

impl Workflows {
    /// Ours, and the operator's. An operator's workflow that has the name of
    /// one of ours replaces it.
    pub fn new(operators: &[(String, String)]) -> anyhow::Result<Self> {
        let ours = OURS.iter().map(|(name, text)| (*name, *text));
        let theirs = operators
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        let mut all: Vec<Arc<Workflow>> = Vec::new();
        for (name, text) in ours.chain(theirs) {
            let workflow = Arc::new(Workflow::parse(name, text)?);
            match all.iter_mut().find(|known| known.name == name) {
                Some(known) => *known = workflow,
                None => all.push(workflow),
            }
        }
        Ok(Self(all))
    }

    /// All workflows, ours first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.0.iter()
    }

    /// Finds a workflow by the name that somebody typed.
    pub fn find(&self, typed: &str) -> Option<&Arc<Workflow>> {
        let typed = typed.trim();
        self.iter()
            .find(|known| known.name.eq_ignore_ascii_case(typed))
    }

    /// The first that changes a picture, or makes one from a prompt alone.
    pub fn usual(&self, takes_picture: bool) -> Option<&Arc<Workflow>> {
        self.iter()
            .find(|known| known.takes_picture() == takes_picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Picture, PictureKind, Size, Words};

    const HEADER: &str = "---\nabout = \"A test\"\nprompt = \"6.text\"\n";
    const GRAPH: &str = r#"{"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["9", 1]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["6", 0]}}}"#;

    #[test]
    fn what_is_wrong_with_a_workflow_is_said_by_the_node() {
        let bad = [
            GRAPH.to_owned(),
            format!("{HEADER}---\nnot JSON"),
            format!("{HEADER}---\n[]"),
            format!("{HEADER}seed = \"3.seed\"\n---\n{GRAPH}"),
            format!("{HEADER}seed = \"6.seed\"\n---\n{GRAPH}"),
            format!("{HEADER}seed = \"6.clip\"\n---\n{GRAPH}"),
            format!("{HEADER}steps = \"6.text\"\n---\n{GRAPH}"),
            format!("{HEADER}seed = \"six\"\n---\n{GRAPH}"),
            format!("---\nabout = \"A test\"\n---\n{GRAPH}"),
            format!("{HEADER}---\n{}", GRAPH.replace("\"9\", 1", "\"4\", 1")),
            format!("{HEADER}---\n{}", GRAPH.replace("SaveImage", "VAEDecode")),
            format!("{HEADER}---\n{}", GRAPH.replace("class_type", "type")),
        ];
        let errors = bad.map(|text| format!("{:#}", Workflow::parse("mine", &text).unwrap_err()));
        insta::assert_snapshot!(errors.join("\n"), @r#"
        workflow `mine`: it must begin with a header between two lines of ---
        workflow `mine`: what follows its header is not JSON: expected ident at line 2 column 2
        workflow `mine`: its graph is no object; export it in API format
        workflow `mine`: `seed` is put into node 3, which is not there
        workflow `mine`: `seed` is put into `seed` of node 6 (CLIPTextEncode), which has no such input
        workflow `mine`: `seed` is put into `clip` of node 6 (CLIPTextEncode), which is linked to another node
        workflow `mine`: its header names `steps`; known are prompt, negative, seed, width, height, count and image
        workflow `mine`: `seed` must be a node and its input, such as "6.text"
        workflow `mine`: its header names no `prompt`, such as prompt = "6.text"
        workflow `mine`: node 6 (CLIPTextEncode): its input `clip` is linked to node 4, which is not there
        workflow `mine`: no node of it saves a picture, such as SaveImage
        workflow `mine`: node 6 has no `class_type`; export the graph in API format
        "#);
    }

    fn spec() -> ImageSpec {
        ImageSpec {
            prompt: Words("a lighthouse".into()),
            negative: Words("people".into()),
            size: Size::parse("768x512"),
            count: 2,
            ..ImageSpec::default()
        }
    }

    fn filled(name: &str, spec: &ImageSpec) -> Option<Value> {
        let all = Workflows::new(&[]).unwrap();
        all.find(name).unwrap().fill(spec, 42, "here.png")
    }

    #[test]
    fn a_request_is_put_into_the_graph() {
        let graph = filled("text-to-image", &spec()).unwrap();
        assert_eq!(graph["6"]["inputs"]["text"], "a lighthouse");
        assert_eq!(graph["7"]["inputs"]["text"], "people");
        assert_eq!(graph["5"]["inputs"]["width"], 768);
        assert_eq!(graph["5"]["inputs"]["height"], 512);
        assert_eq!(graph["5"]["inputs"]["batch_size"], 2);
        assert_eq!(graph["3"]["inputs"]["seed"], 42);
        assert_eq!(filled("image-to-image", &spec()), None);
    }

    #[test]
    fn a_lora_stands_between_a_model_and_whatever_takes_it() {
        let with_lora = ImageSpec {
            lora: Some("watercolour.safetensors".into()),
            ..spec()
        };
        let graph = filled("text-to-image", &with_lora).unwrap();
        assert_eq!(graph["3"]["inputs"]["model"], json!(["4-latchkey-lora", 0]));
        // Words and colours are read as before.
        assert_eq!(graph["6"]["inputs"]["clip"], json!(["4", 1]));
        assert_eq!(graph["8"]["inputs"]["vae"], json!(["4", 2]));
        insta::assert_snapshot!(graph["4-latchkey-lora"], @r#"{"class_type":"LoraLoaderModelOnly","inputs":{"lora_name":"watercolour.safetensors","model":["4",0],"strength_model":1.0}}"#);
        check(graph.as_object().unwrap()).unwrap();
        let several = ImageSpec {
            lora: Some("a:0.8, b".into()),
            ..spec()
        };
        let graph = filled("text-to-image", &several).unwrap();
        assert_eq!(
            graph["3"]["inputs"]["model"],
            json!(["4-latchkey-lora-2", 0])
        );
        insta::assert_snapshot!(graph["4-latchkey-lora"]["inputs"], @r#"{"lora_name":"a","model":["4",0],"strength_model":0.8}"#);
        insta::assert_snapshot!(graph["4-latchkey-lora-2"]["inputs"], @r#"{"lora_name":"b","model":["4-latchkey-lora",0],"strength_model":1.0}"#);
        check(graph.as_object().unwrap()).unwrap();
        assert!(
            Workflows::new(&[])
                .unwrap()
                .iter()
                .all(|it| it.takes_lora())
        );
        let without = Workflow::parse("mine", &format!("{HEADER}---\n{GRAPH}")).unwrap();
        assert!(!without.takes_lora());
    }

    #[test]
    fn a_picture_is_put_into_a_graph_that_takes_one() {
        let with_picture = ImageSpec {
            picture: Some(Picture {
                kind: PictureKind::Png,
                bytes: [1].as_slice().into(),
            }),
            ..spec()
        };
        let graph = filled("image-to-image", &with_picture).unwrap();
        assert_eq!(graph["10"]["inputs"]["image"], "here.png");
        assert_eq!(filled("text-to-image", &with_picture), None);
    }

    #[test]
    fn an_operators_workflow_takes_the_place_of_ours() {
        let text = format!("{HEADER}---\n{GRAPH}");
        let all = Workflows::new(&[("text-to-image".into(), text)]).unwrap();
        assert_eq!(all.usual(false).unwrap().about, "A test");
        assert_eq!(all.iter().count(), 2);
    }
}
