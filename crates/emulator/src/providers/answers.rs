//! The texts that emulated models answer with. They quote the prompt, which
//! shows tests and newcomers that it arrived.

/// Answers a prompt. Some words in it ask for a special answer.
pub fn answer_prompt(prompt: &str) -> String {
    let asked = prompt.to_lowercase();
    if asked.contains("say nothing") {
        return String::new();
    }
    if asked.contains("ping everyone") {
        return "Hello @everyone and @here, and <@1> too.".into();
    }
    if asked.contains("endless") {
        return format!("{}\nThis is the very end.", long().repeat(4));
    }
    if asked.contains("long") {
        return long();
    }
    if asked.contains("a table") {
        return "Two made-up models beside each other:\n\n\
                | Model | Context | Good at |\n|---|---:|---|\n\
                | luna | 128,000 | short answers |\n| nova | 1,000,000 | long documents |\n\n\
                Ask one of them with:\n```sh\nlatchkey ask --model luna \"hello\"\n```"
            .into();
    }
    if asked.contains("code") {
        return "A small program:\n```rust\nfn main() {\n    println!(\"Hello from an emulated model\");\n}\n```\n\
                Run it with `cargo run`."
            .into();
    }
    if asked.contains("count") {
        return "one two three four five six seven eight nine ten".into();
    }
    let start: String = prompt.chars().take(200).collect();
    format!("You asked: {start}\nThis is a made-up model, so that is all it knows.")
}

/// Returns a text longer than a Discord message, with a code block that a
/// split must not break.
fn long() -> String {
    let paragraph = "A bring-your-own-key bot keeps everybody's keys apart and says who pays. ";
    let mut text = String::from("Here is a long answer.\n\n");
    text.extend((1..=8).map(|number| {
        format!(
            "{number}. {}

",
            paragraph.repeat(3).trim_end()
        )
    }));
    text.push_str("```python\n");
    text.extend((1..=60).map(|line| {
        format!(
            "print(\"line {line} of a long program\")
"
        )
    }));
    text.push_str("```\nThat was the long answer.");
    text
}
