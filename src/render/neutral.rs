//! Text copied from a document, made harmless: it pings nobody, links nothing, closes nothing and imitates no marker.
//!
//! GitHub turns `@login`, `#12`, `owner/repo#12`, `GH-12` and URLs of issues into notifications and cross-references,
//! after Markdown has been rendered. A zero-width space inside each breaks the pattern and changes nothing a reader sees;
//! closing keywords (`fixes #12`) work only through such a reference, so they are defused with it.

/// For places that render Markdown: comments, issue bodies, check summaries. Markdown's own formatting is escaped: the
/// result shows `text` as it is. Never spans lines.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in visible(text) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    break_references(&out, "&#8203;")
}

/// Markdown copied as a block (an item's detail): its formatting lives on, its raw HTML and references do not.
pub fn block(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in visible(text) {
        match c {
            '<' => out.push_str("&lt;"),
            '\r' => {}
            c => out.push(c),
        }
    }
    break_references(&break_entities(&out), "\u{200b}")
}

/// For places that show plain text: titles, annotations. One line.
pub fn plain(text: &str) -> String {
    let line: String = visible(text).map(|c| if c.is_control() { ' ' } else { c }).collect();
    break_references(&line, "\u{200b}")
}

/// Markdown that a team's own template made of a document's words: formatting and links live on, but it pings nobody
/// and imitates no marker.
pub fn copied(text: &str) -> String {
    let text = break_entities(&visible(text).collect::<String>());
    break_references(&text.replace("<!--", "&lt;!--"), "\u{200b}")
}

/// An issue's title: one line without invisible characters. GitHub neither notifies nor links from titles.
pub fn title(text: &str) -> String {
    visible(text)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Without the characters that hide or reorder text: bidirectional controls, zero-width characters, other controls.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|&c| {
        !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}')
            && (!c.is_control() || matches!(c, '\n' | '\r' | '\t'))
    })
}

fn break_references(text: &str, breaker: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        out.push(c);
        let next = chars.peek().map(|&(_, c)| c);
        let breaks = match c {
            '@' => next.is_some_and(|n| n.is_ascii_alphanumeric()),
            '#' => next.is_some_and(|n| n.is_ascii_digit()),
            '-' => next.is_some_and(|n| n.is_ascii_digit()) && ends_with_gh(&text[..at]),
            '/' => ["issues", "pull", "pulls", "discussions", "commit"]
                .iter()
                .any(|kind| text[at + 1..].strip_prefix(kind).is_some_and(|rest| rest.starts_with('/'))),
            _ => false,
        };
        if breaks {
            out.push_str(breaker);
        }
    }
    out
}

/// Markdown turns `&#64;` and `&commat;` into `@` before GitHub looks for mentions: what could spell a reference is shown
/// as it was written.
fn break_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        let rest = &text[at + c.len_utf8()..];
        if c == '&' && (rest.starts_with('#') || ["commat;", "num;", "sol;", "fjlig;"].iter().any(|name| rest.starts_with(name)))
        {
            out.push('\u{200b}');
        }
    }
    out
}

fn ends_with_gh(text: &str) -> bool {
    // `GH\-1` is shown as `GH-1`.
    let mut tail = text.trim_end_matches('\\').chars().rev();
    let pair = (tail.next(), tail.next());
    matches!(pair, (Some('h' | 'H'), Some('g' | 'G'))) && !tail.next().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mention_reference_or_closing_keyword_survives() {
        let text = "cc @ada-example and @acme/infra: fixes #12, acme/app#3, GH-4, https://github.example/acme/app/issues/5";
        for out in [markdown(text), block(text), plain(text)] {
            let bare = out.replace("&#8203;", "\u{200b}");
            for broken in ["@a", "#1", "#3", "GH-4", "/issues/5"] {
                assert!(!bare.contains(broken), "{broken} survived in {out}");
            }
            assert_eq!(bare.replace(['\u{200b}', '\\'], ""), text, "and a reader sees the same words");
        }
    }

    #[test]
    fn a_mention_spelled_in_entities_or_escapes_pings_nobody() {
        let text = "&#64;ada-example &#x40;ada-example @&#97;da-example &commat;ada-example &#35;12 &num;12 #&#49;2 &#12 GH\\-4 G&#72;-4";
        for out in [block(text), copied(text)] {
            for live in ["&#", "&commat;", "&num;", "#1", "GH\\-4"] {
                assert!(!out.contains(live), "{live} survived in {out}");
            }
            assert_eq!(out.replace('\u{200b}', ""), text, "and a reader sees the same characters");
        }
        assert!(!markdown("GH\\-4").contains("-4"));
    }

    #[test]
    fn markers_and_hidden_characters_cannot_be_smuggled_in() {
        let text = "x <!-- followthrough:begin v1 --> \u{202e}evil\u{200b}";
        assert!(!markdown(text).contains("<!--"));
        assert!(!block(text).contains("<!--"));
        assert!(!plain(text).contains('\u{202e}'));
    }

    #[test]
    fn a_cell_cannot_break_its_table() {
        assert_eq!(markdown("a | b\nc"), "a \\| b c");
    }
}
