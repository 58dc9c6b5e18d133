//! Which language a document is written in: by script, else by its most common words.

use super::words::{LANGUAGES, Word, language};

/// The ISO 639-1 code of the language of a sample of text and its words, when it can be told.
pub fn detect(sample: &str, words: &[Word]) -> Option<&'static str> {
    if sample.is_ascii() {
        return most_common(words);
    }
    let (mut letters, mut kana, mut han, mut hangul, mut cyrillic) = (0, 0, 0, 0, 0);
    for c in sample.chars() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            c if c.is_ascii() => continue,
            '\u{3040}'..='\u{30FF}' => kana += 1,
            '\u{4E00}'..='\u{9FFF}' => han += 1,
            '\u{AC00}'..='\u{D7AF}' => hangul += 1,
            '\u{0400}'..='\u{04FF}' => cyrillic += 1,
            c if !c.is_alphabetic() => continue,
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
    most_common(words)
}

/// The language that most of the words are common in.
fn most_common(words: &[Word]) -> Option<&'static str> {
    let mut hits: [(usize, &'static str); LANGUAGES] = std::array::from_fn(|at| (0, language(at)));
    for word in words {
        for at in word.languages() {
            hits[at].0 += 1;
        }
    }
    hits.into_iter().max().filter(|&(hits, _)| hits >= 3).map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::detect;
    use crate::postmortem::words::words;

    #[test]
    fn languages_are_told_apart() {
        let samples = [
            ("en", "The service was down because of a typo that we made in the configuration"),
            ("es", "El servicio estaba caído por un error en la configuración de los servidores"),
            ("pt", "O serviço não estava disponível por causa de um erro na configuração das máquinas"),
            ("fr", "Le service n'était pas disponible pour les clients dans la nuit et nous avons perdu des données"),
            ("de", "Der Dienst war nicht erreichbar und die Daten wurden durch einen Fehler gelöscht"),
            ("it", "Il servizio non era disponibile per gli utenti e questo è stato un errore della configurazione"),
            ("nl", "De dienst was niet bereikbaar en dat is door een fout in het beheer van de machines"),
            ("no", "Tjenesten var nede og vi fikk ikke varsel fordi det ble gjort en feil etter at den startet"),
            ("sv", "Tjänsten var nere och vi fick inte något larm för att det blev ett fel när den startade"),
            ("pl", "Usługa nie była dostępna przez błąd w konfiguracji oraz nie było alertów dla zespołu"),
            ("ru", "Сервис был недоступен из-за ошибки в конфигурации, и мы не получили алерт"),
            ("ja", "検索サービスが停止した。原因は設定の誤りである。"),
            ("zh", "由于配置错误，搜索服务中断了两个小时。"),
            ("ko", "설정 오류 때문에 검색 서비스가 중단되었습니다."),
        ];
        for (language, text) in samples {
            assert_eq!(detect(text, &words(text)), Some(language), "{text}");
        }
        assert_eq!(detect("x = 1", &words("x = 1")), None);
    }
}
