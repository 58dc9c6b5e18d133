//! Which language a document is written in: by script, else by its most common words.

use std::collections::HashMap;

use super::words::Word;

/// The ISO 639-1 code of the language of a sample of text and its words, when it can be told.
pub fn detect(sample: &str, words: &[Word]) -> Option<&'static str> {
    let (mut letters, mut kana, mut han, mut hangul, mut cyrillic) = (0, 0, 0, 0, 0);
    for c in sample.chars() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '\u{3040}'..='\u{30FF}' => kana += 1,
            '\u{4E00}'..='\u{9FFF}' => han += 1,
            '\u{AC00}'..='\u{D7AF}' => hangul += 1,
            '\u{0400}'..='\u{04FF}' => cyrillic += 1,
            c if c.is_ascii() || !c.is_alphabetic() => continue,
            _ => {}
        }
        letters += 1;
    }
    // Technical documents hold much Latin text in any language; one character says more than one letter there.
    let many = |count: usize, share: usize| count > 8 && count * share > letters;
    if many(kana, 20) && kana * 8 > han {
        return Some("ja");
    }
    if many(han, 12) {
        return Some("zh");
    }
    if many(hangul, 10) {
        return Some("ko");
    }
    if many(cyrillic, 6) {
        return Some("ru");
    }
    let mut hits: HashMap<&'static str, usize> = HashMap::new();
    for word in words {
        for language in word.languages() {
            *hits.entry(language).or_default() += 1;
        }
    }
    let (language, hits) = hits.into_iter().max_by_key(|&(language, hits)| (hits, language))?;
    (hits >= 3).then_some(language)
}
