//! The App's delivery log, for people and (version 1; fields may be added, never changed) for programs.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::style::Style;

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    pub id: u64,
    pub guid: String,
    pub delivered_at: Timestamp,
    pub redelivery: bool,
    /// Seconds.
    pub duration: f64,
    pub event: String,
    pub action: Option<String>,
    pub status: String,
    pub status_code: u16,
    pub installation_id: Option<u64>,
    pub repository_id: Option<u64>,
    /// Whether the receiver took it.
    pub delivered: bool,
}

impl Attempt {
    fn what(&self) -> String {
        match &self.action {
            Some(action) => format!("{}.{action}", self.event),
            None => self.event.clone(),
        }
    }

    fn outcome(&self, style: Style) -> String {
        // GitHub's words, on one line and without anything that a terminal would obey.
        let status: String = self.status.chars().filter(|c| !c.is_control()).collect();
        let text = match self.status_code {
            0 => status,
            code if status.contains(&code.to_string()) => status,
            code => format!("{status} ({code})"),
        };
        if self.delivered { style.green(&text) } else { style.red(&text) }
    }
}

/// The list for people: one line per attempt, newest first.
pub fn text(attempts: &[Attempt], style: Style) -> String {
    let width = attempts.iter().map(|attempt| attempt.what().chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for attempt in attempts {
        let what = format!("{:width$}", attempt.what());
        let again = if attempt.redelivery { "  redelivered" } else { "" };
        text.push_str(&format!(
            "{}  {}  {what}  {}{again}\n",
            style.bold(&attempt.id.to_string()),
            attempt.delivered_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            attempt.outcome(style),
        ));
    }
    text
}

/// One attempt for people: what it was, the answer, the payload.
pub fn one_text(attempt: &Attempt, payload: &Value, answer: &str, style: Style) -> String {
    let mut text = format!(
        "{}  {}\nGUID       {}\nattempted  {}{}\nstatus     {}, {:.2} s\n",
        style.bold(&attempt.id.to_string()),
        attempt.what(),
        attempt.guid,
        attempt.delivered_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        if attempt.redelivery { ", redelivered" } else { "" },
        attempt.outcome(style),
        attempt.duration,
    );
    let answer: String = answer.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if !answer.is_empty() {
        text.push_str(&format!("answer     {answer}\n"));
    }
    text.push_str(&format!("\n{payload:#}\n"));
    text
}

/// The list for programs.
pub fn json(attempts: &[Attempt]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct List<'a> {
        schema: &'static str,
        deliveries: &'a [Attempt],
    }
    pretty(&List { schema: "followthrough/deliveries/v1", deliveries: attempts })
}

/// One attempt for programs.
pub fn one_json(attempt: &Attempt, payload: &Value, answer: &str) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct One<'a> {
        schema: &'static str,
        delivery: &'a Attempt,
        payload: &'a Value,
        answer: &'a str,
    }
    pretty(&One { schema: "followthrough/delivery/v1", delivery: attempt, payload, answer })
}

fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_one_line_per_attempt() {
        let attempt = |id, action: Option<&str>, status: &str, status_code, redelivery| Attempt {
            id,
            guid: "g".to_owned(),
            delivered_at: "2026-11-20T10:00:00Z".parse().expect("a time"),
            redelivery,
            duration: 0.25,
            event: "pull_request".to_owned(),
            action: action.map(str::to_owned),
            status: status.to_owned(),
            status_code,
            installation_id: None,
            repository_id: None,
            delivered: status == "OK",
        };
        let shown = text(
            &[
                attempt(12, Some("closed"), "OK", 202, true),
                attempt(11, None, "Invalid HTTP Response: 502", 502, false),
                attempt(10, Some("opened"), "timed\u{1b}out", 0, false),
            ],
            Style { colour: false },
        );
        let expected = "12  2026-11-20 10:00:00Z  pull_request.closed  OK (202)  redelivered\n\
             11  2026-11-20 10:00:00Z  pull_request         Invalid HTTP Response: 502\n\
             10  2026-11-20 10:00:00Z  pull_request.opened  timedout\n";
        assert_eq!(shown, expected);
    }
}
