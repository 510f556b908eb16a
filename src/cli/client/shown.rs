//! `latchkey usage`, `quota` and `models`: print what a gateway knows.

use reqwest::Method;
use serde_json::Value;
use url::form_urlencoded;

use super::ask::describe_source;
use super::gateway::{Gateway, json, send};
use crate::model::{NanoDollars, Period, Span, Window, grouped};

/// Prints what was used in the days that are asked for: the name of a parameter
/// and what it says.
pub async fn usage(asked: (&str, String), csv: bool, as_json: bool) -> anyhow::Result<()> {
    let gateway = Gateway::open()?;
    let call = |form| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(asked.0, &asked.1);
        let query = query.append_pair("format", form).finish();
        gateway.call(Method::GET, &format!("/api/v1/usage?{query}"))
    };
    if csv {
        let table = send(call("csv")).await?.text().await;
        print!("{}", table.map_err(reqwest::Error::without_url)?);
        return Ok(());
    }
    let used = json(send(call("json")).await?).await?;
    if as_json {
        println!("{used}");
        return Ok(());
    }
    println!("{} to {}", word(&used["from"]), word(&used["to"]));
    println!("total: {}", amounts(&used["total"]));
    for line in used["lines"].as_array().into_iter().flatten() {
        let labels = [
            &line["day"],
            &line["source"],
            &line["provider"],
            &line["model"],
        ]
        .map(word);
        println!("{}: {}", labels.join(" "), amounts(line));
    }
    Ok(())
}

/// Prints every limit, and what is left of it.
pub async fn quota(as_json: bool) -> anyhow::Result<()> {
    let quota = Gateway::open()?.get("/api/v1/quota").await?;
    if as_json {
        println!("{quota}");
        return Ok(());
    }
    println!("tier: {}", word(&quota["tier"]));
    for payer in quota["payers"].as_array().into_iter().flatten() {
        let source = describe_source(word(&payer["source"]));
        let limits = payer["limits"].as_array().into_iter().flatten();
        if limits.clone().next().is_none() {
            println!("{source}: no limit");
        }
        for limit in limits {
            println!("{source}: {}", describe_limit(limit));
        }
    }
    Ok(())
}

/// A limit: how much of it is left, and over how long it counts.
fn describe_limit(limit: &Value) -> String {
    let per = word(&limit["per"]);
    let span = Period::parse(per).zip(Window::parse(word(&limit["window"])));
    let span = span.map_or_else(
        || format!("a {per}"),
        |(period, window)| Span { period, window }.words().to_owned(),
    );
    let nano = |field: &str| NanoDollars(limit[field].as_u64().unwrap_or(0));
    let left = match word(&limit["metric"]) {
        "dollars" => {
            let left = nano("left").rounded_down();
            format!("{left} of {}", nano("max").in_full())
        }
        metric => format!(
            "{} of {} {metric}",
            number(&limit["left"]),
            number(&limit["max"])
        ),
    };
    format!("{left} {span} left")
}

/// Prints the models that can be used.
pub async fn models(as_json: bool) -> anyhow::Result<()> {
    let models = Gateway::open()?.get("/v1/models").await?;
    if as_json {
        println!("{models}");
        return Ok(());
    }
    for model in models["data"].as_array().into_iter().flatten() {
        println!("{}", word(&model["id"]));
    }
    Ok(())
}

fn amounts(total: &Value) -> String {
    let cost = NanoDollars(total["cost_nano_dollars"].as_u64().unwrap_or(0));
    let cost = match (cost.0, total["requests_without_price"].as_u64()) {
        (_, None | Some(0)) => cost.to_string(),
        (0, _) => "price unknown".to_owned(),
        (_, Some(many)) => format!("{cost}, price unknown for {many}"),
    };
    let requests = match total["requests"].as_u64() {
        Some(1) => "1 request".to_owned(),
        _ => format!("{} requests", number(&total["requests"])),
    };
    let pictures = match total["images"].as_u64() {
        None | Some(0) => String::new(),
        Some(1) => ", 1 picture".to_owned(),
        Some(many) => format!(", {many} pictures"),
    };
    format!(
        "{requests}, {} tokens in, {} out{pictures}, {cost}",
        number(&total["input_tokens"]),
        number(&total["output_tokens"])
    )
}

/// A number as people read it.
pub fn number(value: &Value) -> String {
    grouped(value.as_u64().unwrap_or(0))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_no_known_price_is_not_shown_as_free() {
        let shown = |cost: u64, unpriced: u64, requests: u64| {
            amounts(
                &json!({"requests": requests, "input_tokens": 12, "output_tokens": 3, "images": 2,
                "cost_nano_dollars": cost, "requests_without_price": unpriced}),
            )
        };
        let start = "12 tokens in, 3 out, 2 pictures";
        for (cost, unpriced, requests, expected) in [
            (0, 0, 1, format!("1 request, {start}, $0.00")),
            (0, 1, 1, format!("1 request, {start}, price unknown")),
            (
                20_000_000,
                1,
                2,
                format!("2 requests, {start}, $0.02, price unknown for 1"),
            ),
        ] {
            assert_eq!(shown(cost, unpriced, requests), expected);
        }
    }
}
