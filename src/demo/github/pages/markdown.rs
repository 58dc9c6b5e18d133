//! Markdown as a reader of GitHub sees it: comments hidden, raw HTML reduced to a harmless few tags, `#12` and addresses linked.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

/// Tags that survive, and the attributes that survive with them.
const TAGS: [(&str, &[&str]); 20] = [
    ("details", &["open"]),
    ("summary", &[]),
    ("br", &[]),
    ("hr", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("kbd", &[]),
    ("b", &[]),
    ("i", &[]),
    ("em", &[]),
    ("strong", &[]),
    ("del", &[]),
    ("code", &[]),
    ("p", &["align"]),
    ("a", &["href"]),
    ("img", &["src", "alt", "width", "height"]),
    ("picture", &[]),
    ("source", &["media", "srcset"]),
    ("blockquote", &[]),
    ("h3", &[]),
];

/// What `#12` and addresses of issues are relative to.
pub(super) struct Place<'a> {
    pub base_url: &'a str,
    /// `owner/name`.
    pub repository: &'a str,
}

/// Renders to HTML that is safe to put into a page.
pub(super) fn render(text: &str, place: &Place<'_>) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut events = Vec::new();
    let mut html = String::new();
    let (mut in_html, mut literal, mut metadata) = (false, 0usize, false);
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::HtmlBlock) => in_html = true,
            Event::End(TagEnd::HtmlBlock) => {
                in_html = false;
                events.push(Event::Html(sanitise(&std::mem::take(&mut html)).into()));
            }
            Event::Html(part) | Event::Text(part) if in_html => html.push_str(&part),
            Event::Html(part) => events.push(Event::Html(sanitise(&part).into())),
            Event::InlineHtml(part) => events.push(Event::InlineHtml(sanitise(&part).into())),
            Event::Start(Tag::MetadataBlock(_)) => metadata = true,
            Event::End(TagEnd::MetadataBlock(_)) => metadata = false,
            _ if metadata => {}
            Event::Start(tag) => {
                literal += usize::from(is_literal(&tag));
                events.push(Event::Start(harmless(tag)));
            }
            Event::End(tag) => {
                literal -= usize::from(matches!(tag, TagEnd::CodeBlock | TagEnd::Link | TagEnd::Image)).min(literal);
                events.push(Event::End(tag));
            }
            Event::Text(part) if literal == 0 => linked(&part, place, &mut events),
            other => events.push(other),
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut out, events.into_iter());
    out
}

fn is_literal(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::CodeBlock(_) | Tag::Link { .. } | Tag::Image { .. })
}

fn is_harmless(url: &str) -> bool {
    let scheme =
        url.split(['/', '?', '#']).next().and_then(|start| start.split_once(':')).map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_none_or(|scheme| ["http", "https", "mailto"].contains(&scheme.trim()))
}

fn harmless(tag: Tag<'_>) -> Tag<'_> {
    let checked = |url: CowStr<'_>| if is_harmless(&url) { url.into_string() } else { String::new() };
    match tag {
        Tag::Link { link_type, dest_url, title, id } => Tag::Link { link_type, dest_url: checked(dest_url).into(), title, id },
        Tag::Image { link_type, dest_url, title, id } => Tag::Image { link_type, dest_url: checked(dest_url).into(), title, id },
        other => other,
    }
}

/// Splits a text at what GitHub links: addresses, `#12`, `owner/name#12`.
fn linked<'a>(text: &str, place: &Place<'_>, events: &mut Vec<Event<'a>>) {
    let mut plain = String::new();
    for piece in text.split_inclusive(|c: char| c.is_whitespace()) {
        let word = piece.trim_end();
        let core = word.trim_start_matches(['(', '[', '"']).trim_end_matches(['.', ',', ';', ':', ')', ']', '"', '!', '?']);
        match target(core, place) {
            Some((url, shown)) => {
                let at = piece.find(core).unwrap_or(0);
                let (before, after) = (piece.get(..at).unwrap_or_default(), piece.get(at + core.len()..).unwrap_or_default());
                plain.push_str(before);
                events.push(Event::Text(std::mem::take(&mut plain).into()));
                let link = Tag::Link { link_type: LinkType::Autolink, dest_url: url.into(), title: "".into(), id: "".into() };
                events.extend([Event::Start(link), Event::Text(shown.into()), Event::End(TagEnd::Link)]);
                plain.push_str(after);
            }
            None => plain.push_str(piece),
        }
    }
    events.push(Event::Text(plain.into()));
}

fn target(word: &str, place: &Place<'_>) -> Option<(String, String)> {
    let (base, own) = (place.base_url, place.repository);
    if word.starts_with("https://") || word.starts_with("http://") {
        return Some((word.to_owned(), shortened(word, place).unwrap_or_else(|| word.to_owned())));
    }
    let (repository, number) = word.split_once('#')?;
    let number: u64 = number.parse().ok()?;
    let repository = if repository.is_empty() { own } else { repository };
    (repository.split('/').count() == 2).then(|| (format!("{base}/{repository}/issues/{number}"), word.to_owned()))
}

/// `#12` for the address of an issue here, `owner/name#12` for one elsewhere.
fn shortened(url: &str, place: &Place<'_>) -> Option<String> {
    let path: Vec<&str> = url.strip_prefix(place.base_url)?.trim_matches('/').split('/').collect();
    let [owner, name, "issues" | "pull", number] = path.as_slice() else { return None };
    let number: u64 = number.parse().ok()?;
    let repository = format!("{owner}/{name}");
    Some(if repository == place.repository { format!("#{number}") } else { format!("{repository}#{number}") })
}

/// Keeps the harmless tags, drops comments, shows everything else as text.
fn sanitise(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        out.push_str(&text.replace('>', "&gt;"));
        if let Some(comment) = from.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        match from.split_once('>') {
            Some((tag, after)) => {
                out.push_str(&allowed(tag.trim_start_matches('<')).unwrap_or_else(|| escape(&format!("{tag}>"))));
                rest = after;
            }
            None => {
                out.push_str("&lt;");
                rest = from.trim_start_matches('<');
            }
        }
    }
    out.push_str(&rest.replace('>', "&gt;"));
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A tag written anew with nothing but its harmless attributes.
fn allowed(tag: &str) -> Option<String> {
    let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
    let tag = tag.trim_end_matches('/').trim();
    let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let name = name.to_ascii_lowercase();
    let (_, known) = TAGS.iter().find(|(known, _)| *known == name)?;
    if closing {
        return Some(format!("</{name}>"));
    }
    let mut out = format!("<{name}");
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('=') {
            Some(given) => {
                let given = given.trim_start();
                let quote = given.chars().next().filter(|c| ['"', '\''].contains(c));
                match quote {
                    Some(quote) => given.get(1..).unwrap_or_default().split_once(quote).unwrap_or((given, "")),
                    None => given.split_once(char::is_whitespace).unwrap_or((given, "")),
                }
            }
            None => ("", after),
        };
        let attribute = attribute.to_ascii_lowercase();
        let points_away = ["href", "src", "srcset"].contains(&attribute.as_str()) && !is_harmless(value);
        if known.contains(&attribute.as_str()) && !points_away {
            out.push_str(&format!(" {attribute}=\"{}\"", escape(value)));
        }
        rest = after.trim_start();
    }
    out.push('>');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        render(text, &Place { base_url: "http://here", repository: "acme/app" })
    }

    #[test]
    fn comments_are_hidden_and_hostile_html_is_text() {
        assert_eq!(shown("<!-- marker\nof two lines -->\n\nHi"), "\n<p>Hi</p>\n");
        assert_eq!(shown("a <!-- b --> c"), "<p>a  c</p>\n");
        assert_eq!(shown("x <script>alert(1)</script>"), "<p>x &lt;script&gt;alert(1)&lt;/script&gt;</p>\n");
        assert_eq!(shown("<img src=\"x.png\" onerror=\"alert(1)\">"), "<img src=\"x.png\">");
        assert_eq!(shown("[x](javascript:alert(1))"), "<p><a href=\"\">x</a></p>\n");
        assert_eq!(shown("<a href='JavaScript:alert(1)'>x</a>"), "<p><a>x</a></p>\n");
    }

    #[test]
    fn details_open_and_issues_are_linked() {
        let html = shown(
            "<details><summary>More</summary>\n\n- [ ] see #12, acme/db#3 and http://here/acme/app/issues/4.\n\n</details>\n",
        );
        assert!(html.starts_with("<details><summary>More</summary>"), "{html}");
        assert!(html.contains("<a href=\"http://here/acme/app/issues/12\">#12</a>, "), "{html}");
        assert!(html.contains("<a href=\"http://here/acme/db/issues/3\">acme/db#3</a>"), "{html}");
        assert!(html.contains("<a href=\"http://here/acme/app/issues/4\">#4</a>."), "{html}");
        assert_eq!(shown("`#12`"), "<p><code>#12</code></p>\n");
    }
}
