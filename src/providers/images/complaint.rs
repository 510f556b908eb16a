//! What hosts say where a graph did not run, sorted into what somebody can do
//! about it; `docs/providers.md` §14.11.
//!
//! Only the class is kept, and the name of what is missing: a model's file or
//! a node. Nothing else of the text leaves this file, since it may quote what
//! a person asked for.

use serde_json::Value;

use crate::model::{FailureClass, ProviderFailure};

use super::host::Host;

/// The longest name of a file or a node that is passed on.
const NAME_CHARACTERS_MAX: usize = 100;
/// How the files of models end.
const MODEL_FILES: [&str; 8] = [
    ".safetensors",
    ".sft",
    ".ckpt",
    ".pt",
    ".pth",
    ".bin",
    ".gguf",
    ".onnx",
];
/// What is said of a card whose memory is full.
const MEMORY_WORDS: [&str; 4] = [
    "out of memory",
    "outofmemory",
    "allocation on device",
    // Of the machine's own memory: PyTorch's `DefaultCPUAllocator`.
    "not enough memory",
];
/// What is only said of a graph.
const GRAPH_WORDS: [&str; 7] = [
    "workflow",
    "node",
    "prompt",
    "not in list",
    "not_in_list",
    " not in [",
    "output folder",
];

/// The failure that a complaint tells of. One that is not of the graph is of
/// the machine.
pub fn sort_complaint(host: &Host<'_>, said: &Value) -> ProviderFailure {
    let text = match said {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (class, subject) = sort_text(&text);
    ProviderFailure {
        subject: subject.map(Into::into),
        ..host.failed(class)
    }
}

fn sort_text(text: &str) -> (FailureClass, Option<&str>) {
    let lower = text.to_ascii_lowercase();
    if MEMORY_WORDS.iter().any(|word| lower.contains(word)) {
        return (FailureClass::OutOfMemory, None);
    }
    if let Some(file) = missing_file(text) {
        return (FailureClass::ModelFileMissing, Some(file));
    }
    if let Some(node) = missing_node(text) {
        return (FailureClass::NodeMissing, Some(node));
    }
    if GRAPH_WORDS.iter().any(|word| lower.contains(word)) {
        (FailureClass::WorkflowFailed, None)
    } else {
        (FailureClass::MachineFailed, None)
    }
}

/// The model's file that an input names, and that is not among those that
/// there are: `ckpt_name: 'a.safetensors' not in ['b.safetensors']`.
///
/// Or that a node did not find while it ran:
/// `Model in folder 'checkpoints' with filename 'a.safetensors' not found.`
/// (`get_full_path_or_raise` of
/// <https://github.com/comfyanonymous/ComfyUI/blob/master/folder_paths.py>).
fn missing_file(text: &str) -> Option<&str> {
    let ends = [" not in [", " not in (list", " not found"];
    ends.iter()
        .flat_map(|end| text.match_indices(end))
        .find_map(|(at, _)| {
            let before = text.get(..at)?.strip_suffix('\'')?;
            let (_, name) = before.rsplit_once('\'')?;
            let is_file = MODEL_FILES.iter().any(|end| name.ends_with(end));
            checked_name(name).filter(|_| is_file)
        })
}

/// The node that is not installed: `node X does not exist`, and `Node 'X' not
/// found`.
fn missing_node(text: &str) -> Option<&str> {
    let bare = || {
        let (before, _) = text.split_once(" does not exist")?;
        let (_, name) = before.rsplit_once("node ")?;
        Some(name)
    };
    let quoted = || {
        let (before, _) = text.split_once("' not found")?;
        let (_, name) = before.rsplit_once("ode '")?;
        Some(name)
    };
    checked_name(quoted().or_else(bare)?.trim_matches(['\'', '"', '`']))
}

/// A name that can stand in a sentence.
fn checked_name(name: &str) -> Option<&str> {
    let name = name.trim();
    let allowed = |c: char| c.is_alphanumeric() || " ._-+/:()&|".contains(c);
    let fits = !name.is_empty() && name.chars().count() <= NAME_CHARACTERS_MAX;
    (fits && name.chars().all(allowed)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_sorted_by_what_can_be_done() {
        let seen = [
            "OutOfMemoryError: CUDA out of memory. Tried to allocate 58.00 MiB.",
            "torch.OutOfMemoryError Allocation on device ",
            "ckpt_name: 'sd_xl_base_1.0.safetensors' not in ['flux1-dev.safetensors']",
            "vae_name: 'sub dir/a.vae.pt' not in (list of length 52)",
            "FileNotFoundError Model in folder 'checkpoints' with filename 'epicRealism.safetensors' not found.",
            "RuntimeError [enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: not enough memory: you tried to allocate 113246208 bytes.",
            "sampler_name: 'made-up' not in ['euler']",
            "Value not in list",
            "Cannot execute because node ImageSharpen2 does not exist.",
            "Node 'Power Lora Loader (rgthree)' not found. The custom node may not be installed.",
            "node <@&1> does not exist",
            "Workflow validation failed: node 4 (CheckpointLoaderSimple)",
            "the image does not exist in the specified output folder: /comfyui/output/a.png",
            "GPU lost",
            "",
        ]
        .map(|text| format!("{text} -> {:?}", sort_text(text)));
        insta::assert_snapshot!(seen.join("\n"), @r#"
        OutOfMemoryError: CUDA out of memory. Tried to allocate 58.00 MiB. -> (OutOfMemory, None)
        torch.OutOfMemoryError Allocation on device  -> (OutOfMemory, None)
        ckpt_name: 'sd_xl_base_1.0.safetensors' not in ['flux1-dev.safetensors'] -> (ModelFileMissing, Some("sd_xl_base_1.0.safetensors"))
        vae_name: 'sub dir/a.vae.pt' not in (list of length 52) -> (ModelFileMissing, Some("sub dir/a.vae.pt"))
        FileNotFoundError Model in folder 'checkpoints' with filename 'epicRealism.safetensors' not found. -> (ModelFileMissing, Some("epicRealism.safetensors"))
        RuntimeError [enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: not enough memory: you tried to allocate 113246208 bytes. -> (OutOfMemory, None)
        sampler_name: 'made-up' not in ['euler'] -> (WorkflowFailed, None)
        Value not in list -> (WorkflowFailed, None)
        Cannot execute because node ImageSharpen2 does not exist. -> (NodeMissing, Some("ImageSharpen2"))
        Node 'Power Lora Loader (rgthree)' not found. The custom node may not be installed. -> (NodeMissing, Some("Power Lora Loader (rgthree)"))
        node <@&1> does not exist -> (WorkflowFailed, None)
        Workflow validation failed: node 4 (CheckpointLoaderSimple) -> (WorkflowFailed, None)
        the image does not exist in the specified output folder: /comfyui/output/a.png -> (WorkflowFailed, None)
        GPU lost -> (MachineFailed, None)
         -> (MachineFailed, None)
        "#);
    }
}
