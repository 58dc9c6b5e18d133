//! Dates as people write them, and which of them is when an item is due.

use std::ops::Range;

use jiff::{ToSpan, civil::Date};

use super::super::prose::{Bytes, Prose};
use super::super::words::{Folded, List, Word, list, words};
use super::{Context, ends_at, groups};

/// The due date of an item that does not label it: `by 1 March 2027`, `… (2027-03-01)`, `… - Mar 1, 2027`.
pub fn due(prose: &Prose, context: &Context, claims: &mut Vec<Range<usize>>) -> Option<Date> {
    const DIGITS: Bytes = Bytes::of(b"0123456789");
    if !prose.may_hold(DIGITS) {
        return None;
    }
    let free = |range: &Range<usize>, claims: &[Range<usize>]| {
        !claims.iter().any(|claim| claim.start < range.end && range.start < claim.end)
    };
    // In brackets and nothing else: `(2027-03-01)`, `[due 1 March]`.
    for group in groups(prose) {
        let text = prose.slice(group.inner.clone());
        let all = words(text);
        let by = list(List::By).prefix(&all).unwrap_or(0);
        if let Some((length, date)) = date_at(text, &all[by..], context)
            && by + length == all.len()
            && free(&group.outer, claims)
        {
            claims.push(group.outer.clone());
            return Some(date);
        }
    }
    for at in 0..prose.words().len() {
        let rest = &prose.words()[at..];
        let start = rest[0].range().start;
        if prose.in_code(start) {
            continue;
        }
        // `by 2027-03-01`; `within 2 weeks` when the document says when it was written.
        if let Some(by) = list(List::By).prefix(rest)
            && let Some((length, date)) = date_at(&prose.text, &rest[by..], context)
                .or_else(|| relative(&rest[by..], context))
                .or_else(|| period(&prose.text, &rest[by..]))
            && let Some(last) = rest.get(by + length - 1)
        {
            let range = start..last.range().end;
            if free(&range, claims) && !happened_before(&prose.words()[..at]) {
                if ends_at(prose, range.end, claims) || claims_whole_line(prose, &range) {
                    claims.push(range);
                }
                return Some(date);
            }
        }
        if let Some((length, date)) = relative(rest, context)
            && let Some(last) = rest.get(length - 1)
            && at > 0
            && ends_at(prose, last.range().end, claims)
        {
            claims.push(start..last.range().end);
            return Some(date);
        }
        // After a dash or a calendar at the end: `… - 2027-03-01`, `… 📅 2027-03-01`.
        if let Some((length, date)) = date_at(&prose.text, rest, context)
            && let Some(last) = rest.get(length - 1)
        {
            let before = prose.text[..start].trim_end_matches([' ', '*', '_']);
            let apart = before.ends_with(['-', '–', '—', '|', '📅', '🗓', '⏰', '⏳', '→', '\u{fe0f}', '@']);
            if apart && start > 0 && ends_at(prose, last.range().end, claims) && !last_clause_happened(before) {
                let divider =
                    before.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | ']' | '.' | '"' | '`')).len();
                claims.push(divider..last.range().end);
                return Some(date);
            }
        }
    }
    None
}

/// `completed by 2026-01-02` says when it was done.
fn happened_before(words: &[Word]) -> bool {
    words.last().is_some_and(|word| word.is(List::Done))
}

fn last_clause_happened(before: &str) -> bool {
    let all = words(before);
    happened_before(&all) || all.len() >= 2 && happened_before(&all[..all.len() - 1])
}

fn claims_whole_line(prose: &Prose, range: &Range<usize>) -> bool {
    let before = prose.text[..range.start].trim_end_matches([' ', '(', '*', '_']);
    before.ends_with('\n') || before.is_empty() && prose.text[range.end..].trim_start().starts_with(':')
}

/// The first date in a text: absolute, or relative when the document has an anchor.
pub fn first(text: &str, context: &Context) -> Option<Date> {
    let all = words(text);
    let absolute = (0..all.len()).find_map(|at| date_at(text, &all[at..], context));
    absolute.or_else(|| (0..all.len()).find_map(|at| relative(&all[at..], context))).map(|(_, date)| date)
}

/// The last day that the value of a label or column of due dates allows: a date, else the end of `March 2027` or `Q1 2027`.
pub fn deadline(text: &str, context: &Context) -> Option<Date> {
    let all = words(text);
    first(text, context).or_else(|| (0..all.len()).find_map(|at| period(text, &all[at..])).map(|(_, last)| last))
}

/// The last day of the month, quarter or year that `words` (of `text`) start with: `end of March 2027`, `2027-Q1`, and how
/// many of them it takes. A year counts only when its end is named.
fn period(text: &str, all: &[Word]) -> Option<(usize, Date)> {
    let end = list(List::EndOf).prefix(all).unwrap_or(0);
    let rest = all.get(end..)?;
    let near = |at: usize| {
        let gap = rest.get(at).zip(rest.get(at + 1)).and_then(|(left, right)| text.get(left.range().end..right.range().start));
        gap.is_some_and(|gap| gap.chars().all(|c| matches!(c, ' ' | ',' | '/' | '-' | '\'' | '.')))
    };
    let year =
        |at: usize| rest.get(at).and_then(Word::number).filter(|(year, end)| (1990..2200).contains(year) && end.is_empty());
    let month = |at: usize| {
        let word = rest.get(at)?;
        let quarter = QUARTERS.iter().position(|&quarter| word.folded == quarter).map(|at| at as i8 * 3 + 3);
        quarter.or_else(|| word.month())
    };
    let joined = usize::from(rest.get(1).is_some_and(|word| word.is(List::Joins)));
    let (length, (year, _), month) = match (month(0), year(0)) {
        (Some(month), _) if near(0) && (joined == 0 || near(1)) => (2 + joined, year(1 + joined)?, month),
        (_, Some(year)) if near(0) && month(1).is_some() => (2, year, month(1)?),
        (_, Some(year)) if end > 0 => (1, year, 12),
        _ => return None,
    };
    let first = Date::new(year.try_into().ok()?, month, 1).ok()?;
    Some((end + length, first.last_of_month()))
}

const QUARTERS: [Folded; 4] = [Folded::of("q1"), Folded::of("q2"), Folded::of("q3"), Folded::of("q4")];

/// The date that `words` (of `text`) start with, and how many of them it takes.
fn date_at(text: &str, all: &[Word], context: &Context) -> Option<(usize, Date)> {
    let first = all.first().filter(|first| first.starts_date())?;
    let number = |at: usize| all.get(at).and_then(number);
    let gap = |at: usize| match (all.get(at), all.get(at + 1)) {
        (Some(left), Some(right)) => text.get(left.range().end..right.range().start).unwrap_or("\0"),
        _ => "\0",
    };
    let is = |at: usize, unit: Folded| all.get(at).is_some_and(|word| word.folded == unit);
    // 2027年3月1日, 2027년 3월 1일, 3月1日
    const UNITS: [[Folded; 3]; 2] = {
        let of = Folded::of;
        [[of("年"), of("月"), of("日")], [of("년"), of("월"), of("일")]]
    };
    for [year, month, day] in UNITS {
        if is(1, year) && is(3, month) && is(5, day) {
            return Some((6, date(number(0)?, number(2)?, number(4)?)?));
        }
        if is(1, month) && is(3, day) {
            return Some((4, next_such(number(0)?, number(2)?, context)?));
        }
    }
    if let (Some(a), Some(b), Some(c)) = (number(0), number(1), number(2))
        && gap(0) == gap(1)
        && matches!(gap(0), "-" | "/" | "." | ". ")
    {
        let day_first = |day: i64, month: i64, year: i64| {
            date(if year < 100 && first.folded.len() <= 2 { year + 2000 } else { year }, month, day)
        };
        let read = match gap(0) {
            _ if first.folded.len() == 4 => date(a, b, c),
            // `1.2.3` is a version.
            "." | ". " if c > 999 || all[..3].iter().all(|word| word.folded.len() == 2) => day_first(a, b, c),
            "." | ". " => None,
            _ if a > 12 => day_first(a, b, c),
            _ if b > 12 => day_first(b, a, c),
            // Which is which nobody can tell in English.
            _ if context.day_first => day_first(a, b, c),
            _ => None,
        };
        return read.map(|date| (3, date));
    }
    if first.folded.len() == 8 && first.is_number() {
        let digits = |range: Range<usize>| text.get(first.range())?.get(range)?.parse().ok();
        return Some((1, date(digits(0..4)?, digits(4..6)?, digits(6..8)?)?));
    }
    let joins = |at: usize| all.get(at).is_some_and(|word| word.is(List::Joins));
    let near = |at: usize| {
        gap(at).chars().all(|c| c.is_whitespace() || matches!(c, ',' | '.' | '-' | '/'))
            && gap(at) != "\0"
            && !gap(at).contains('\n')
    };
    let year_after = |at: usize| {
        let at = if joins(at) { at + 1 } else { at };
        number(at).filter(|&year| (1990..2200).contains(&year) && near(at - 1)).map(|year| (at + 1, year))
    };
    if let Some(m) = first.month().filter(|_| near(0)) {
        let at = if joins(1) { 2 } else { 1 };
        let day = number(at).filter(|day| (1..=31).contains(day))?;
        return match year_after(at + 1) {
            Some((length, year)) => Some((length, date(year, m.into(), day)?)),
            None => Some((at + 1, next_such(m.into(), day, context)?)),
        };
    }
    let day = number(0).filter(|day| (1..=31).contains(day) && first.folded.len() <= 4)?;
    let at = if joins(1) && near(0) { 2 } else { 1 };
    let m = all.get(at).and_then(Word::month).filter(|_| near(at - 1))?;
    match year_after(at + 1) {
        Some((length, year)) => Some((length, date(year, m.into(), day)?)),
        None => Some((at + 1, next_such(m.into(), day, context)?)),
    }
}

/// The date that a stretch of the text is, perhaps with `by` before it.
pub fn whole(prose: &Prose, part: &Range<usize>, context: &Context) -> Option<Date> {
    let all = prose.words_in(part.clone());
    let by = list(List::By).prefix(all).unwrap_or(0);
    let (length, date) = date_at(&prose.text, &all[by..], context).or_else(|| relative(&all[by..], context))?;
    (by + length == all.len()).then_some(date)
}

/// Whether a date starts `words`.
pub fn starts(text: &str, words: &[Word], context: &Context) -> bool {
    date_at(text, words, context).is_some()
}

/// The number that a word starts with: `3`, `03`, `3rd`, `3º`.
fn number(word: &Word) -> Option<i64> {
    const ENDS: [Folded; 8] = {
        let of = Folded::of;
        [of("st"), of("nd"), of("rd"), of("th"), of("º"), of("er"), of("ª"), of("go")]
    };
    let (number, rest) = word.number()?;
    (rest.is_empty() || ENDS.contains(&rest)).then_some(number)
}

fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    if !(1990..2200).contains(&year) {
        return None;
    }
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// The first such day on or after the anchor.
fn next_such(month: i64, day: i64, context: &Context) -> Option<Date> {
    let anchor = context.anchor?;
    let this_year = date(anchor.year().into(), month, day)?;
    if this_year >= anchor { Some(this_year) } else { date(i64::from(anchor.year()) + 1, month, day) }
}

/// `within 2 weeks`, `in the next 30 days`, counted from the anchor.
fn relative(all: &[Word], context: &Context) -> Option<(usize, Date)> {
    let anchor = context.anchor?;
    let within = list(List::Within).prefix(all)?;
    let count: i64 = number(all.get(within)?)?;
    let unit = all.get(within + 1)?;
    let unit = |name: List| unit.is(name);
    let span = if unit(List::DayUnits) {
        count.days()
    } else if unit(List::WeekUnits) {
        (count * 7).days()
    } else if unit(List::MonthUnits) {
        count.months()
    } else {
        return None;
    };
    Some((within + 2, anchor.checked_add(span).ok()?))
}

/// The first date of a text as it stands, for the metadata of a document.
pub fn absolute(text: &str, day_first: bool) -> Option<Date> {
    first(text, &Context { day_first, ..Context::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(day_first: bool) -> Context {
        Context { day_first, anchor: Date::new(2026, 12, 20).ok(), ..Context::default() }
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        let forms = [
            "2027-03-01",
            "2027/03/01",
            "2027.03.01",
            "20270301",
            "1 March 2027",
            "March 1, 2027",
            "Mar 1st 2027",
            "1st of March, 2027",
            "1. März 2027",
            "1 de marzo de 2027",
            "1er mars 2027",
            "1 marzo 2027",
            "1 марта 2027",
            "2027年3月1日",
            "2027년 3월 1일",
            "01.03.2027",
            "March 1",
        ];
        for form in forms {
            assert_eq!(first(form, &context(false)), Date::new(2027, 3, 1).ok(), "{form}");
        }
    }

    #[test]
    fn periods_are_over_on_their_last_day() {
        let forms = [
            "Q1 2027",
            "2027-Q1",
            "end of March 2027",
            "March 2027",
            "Ende März 2027",
            "fin de marzo de 2027",
            "end of Q1, 2027",
        ];
        for form in forms {
            assert_eq!(deadline(form, &context(false)), Date::new(2027, 3, 31).ok(), "{form}");
        }
        assert_eq!(deadline("end of 2027", &context(false)), Date::new(2027, 12, 31).ok());
        for none in ["2027", "Q1", "Q5 2027", "March", "end of the month", "release 2027.1"] {
            assert_eq!(deadline(none, &context(false)), None, "{none}");
        }
        assert_eq!(first("Q1 2027", &context(false)), None);
    }

    #[test]
    fn what_could_be_two_dates_is_none_in_english() {
        assert_eq!(first("03/04/2027", &context(false)), None);
        assert_eq!(first("03/04/2027", &context(true)), Date::new(2027, 4, 3).ok());
        assert_eq!(first("03/14/2027", &context(false)), Date::new(2027, 3, 14).ok());
        for no_date in ["Q4 2027", "2027-13-01", "1.2.3", "March", "v2027.1", "31 February 2027", "999999-01-01"] {
            assert_eq!(first(no_date, &context(false)), None, "{no_date}");
        }
    }

    #[test]
    fn relative_dates_need_an_anchor() {
        assert_eq!(first("within 2 weeks", &context(false)), Date::new(2027, 1, 3).ok());
        assert_eq!(first("within 2 weeks", &Context::default()), None);
    }
}
